using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>charging.ops.v1.PileService.</summary>
public sealed class PileOpsRpc(
    IStore store, PileAdmin admin, TariffAdmin tariffs, PileRegistry registry, PileStates states, Board board, BusyPlugIndex busyPlugs, TimeProvider clock)
    : PileService.PileServiceBase
{
    /// <inheritdoc/>
    public override async Task<RegisterPileResponse> RegisterPile(RegisterPileRequest request, ServerCallContext context)
    {
        var (device, plugCount, plugNumbers) = request.Read();
        var secret = (await admin.RegisterAsync(device, plugCount, plugNumbers)).OrExists(device);
        return new RegisterPileResponse { Pile = Whole(Known(device)), Secret = secret };
    }

    /// <inheritdoc/>
    public override async Task<ListPilesResponse> ListPiles(ListPilesRequest request, ServerCallContext context)
    {
        var page = await store.PageAsync(PileTables.Piles.ByKey, Paging.Read(request.PageSize, request.PageToken));
        return new ListPilesResponse { Piles = { page.Items.Select(Summary) }, NextPageToken = page.NextToken };
    }

    /// <inheritdoc/>
    public override Task<GetPileResponse> GetPile(GetPileRequest request, ServerCallContext context) =>
        Task.FromResult(new GetPileResponse { Pile = Whole(Known(request.DeviceNo.ToDeviceNo())) });

    /// <inheritdoc/>
    public override async Task<RotatePileSecretResponse> RotatePileSecret(RotatePileSecretRequest request, ServerCallContext context)
    {
        var device = request.DeviceNo.ToDeviceNo();
        var secret = (await admin.RotateSecretAsync(device)).Value.OrUnregistered(device);
        return new RotatePileSecretResponse { Secret = secret };
    }

    /// <inheritdoc/>
    public override async Task<SetPileTariffResponse> SetPileTariff(SetPileTariffRequest request, ServerCallContext context)
    {
        var device = Known(request.DeviceNo.ToDeviceNo()).Device;
        var name = request.Tariff is "" or Tariffs.Default ? null : request.Tariff.ToTariffName();
        (await tariffs.AssignAsync(device, name) ? request : null).OrNotFound($"There is no tariff {request.Tariff}: 'tariffs list' shows those that there are.");
        return new SetPileTariffResponse { Pile = Whole(Known(device)) };
    }

    private Piles.Pile Known(DeviceNo device) => registry.Find(device).OrUnregistered(device);

    private Ops.V1.Pile Summary(Piles.Pile pile)
    {
        var view = board.Find(pile.Device);
        return pile.ToWire(states.StateOf(pile.Device).Value!, view);
    }

    private Ops.V1.Pile Whole(Piles.Pile pile)
    {
        var wire = Summary(pile);
        var state = states.StateOf(pile.Device).Value!;
        var view = state.Online ? board.Find(pile.Device) : null;
        for (var number = 1; number <= pile.PlugCount; number++)
            wire.Plugs.Add(pile.ToWire(number, state.Plugs[number - 1], view?.Plug(number), OrderOn(new PlugId(pile.Device, number))));
        return wire;
    }

    private OrderNo? OrderOn(PlugId plug) => busyPlugs.Find(plug) is { } busy && !busy.IsOver(clock.GetUtcNow()) ? busy.OrderNo : null;
}
