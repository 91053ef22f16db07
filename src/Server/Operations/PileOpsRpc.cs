using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Grpc.Core;
using Order = Charging.Server.Orders.Order;
using OrderState = Charging.Server.Orders.OrderState;

namespace Charging.Server.Operations;

/// <summary>charging.ops.v1.PileService.</summary>
internal sealed class PileOpsRpc(
    IStore store, Changes changes, PileAdmin admin, PileViews views, PileWatch watch, PileInstructions instructions, Limits limits, PauseActions pauses) : PileService.PileServiceBase
{
    /// <inheritdoc/>
    public override async Task<RegisterPileResponse> RegisterPile(RegisterPileRequest request, ServerCallContext context)
    {
        var pile = request.Read();
        var deed = new Deed(PileOpsMapping.Subject(pile.Device), request.Reason.ToAnyReason());
        var secret = await changes.MakeAsync(context, deed, async tx =>
        {
            await tx.InsistOnStationAsync(pile.Station);
            if (await tx.GetAsync(PileTables.Piles, pile.Device.ToString()) is { } retired)
                await tx.InsistOnPriceAsync(context, retired, tariff: null, pile.Station);
            return new Made<string>((await PileAdmin.RegisterAsync(tx, pile)).OrExists(pile.Device), $"Registered with {pile.PlugCount} plugs.");
        });
        return new RegisterPileResponse { Pile = views.Whole(views.Known(pile.Device)), Secret = secret };
    }

    /// <inheritdoc/>
    public override async Task<ListPilesResponse> ListPiles(ListPilesRequest request, ServerCallContext context)
    {
        var page = await store.PageAsync(PileTables.Piles.ByKey, Paging.Read(request.PageSize, request.PageToken), pile =>
            (pile.RetiredAt is null || request.IncludeRetired)
            && (request.StationId.Length == 0 || pile.Station == request.StationId)
            && (!request.HasOnline || views.IsOnline(pile) == request.Online));
        return new ListPilesResponse { Piles = { page.Items.Select(views.Summary) }, NextPageToken = page.NextToken };
    }

    /// <inheritdoc/>
    public override async Task<GetPileResponse> GetPile(GetPileRequest request, ServerCallContext context)
    {
        var pile = views.Whole(views.Known(request.DeviceNo.ToDeviceNo()));
        if (await store.RunAsync(tx => tx.GetAsync(PileCounts.Table, pile.DeviceNo)) is { LostCharges: { } lost })
        {
            foreach (var plug in pile.Plugs)
                plug.LostCharges = lost.GetValueOrDefault(plug.Number);
        }
        return new GetPileResponse { Pile = pile };
    }

    /// <inheritdoc/>
    public override Task WatchPiles(WatchPilesRequest request, IServerStreamWriter<WatchPilesResponse> responseStream, ServerCallContext context) =>
        watch.RunAsync(request, responseStream, context);

    /// <inheritdoc/>
    public override async Task<RotatePileSecretResponse> RotatePileSecret(RotatePileSecretRequest request, ServerCallContext context)
    {
        var device = request.DeviceNo.ToDeviceNo();
        var secret = await changes.MakeAsync(context, new Deed(PileOpsMapping.Subject(device), request.Reason.ToAnyReason()), async tx =>
        {
            var secret = (await PileAdmin.RotateSecretAsync(tx, device)).OrUnregistered(device);
            var charges = string.Join(", ", (await ChargesAsync(tx, device)).Select(order => order.No));
            return new Made<string>(secret, charges.Length == 0 ? "Has a new secret; nothing was charging." : $"Has a new secret; charging went on: {charges}.");
        });
        await admin.CutOffAsync(device);
        return new RotatePileSecretResponse { Secret = secret };
    }

    /// <inheritdoc/>
    public override async Task<SetPileTariffResponse> SetPileTariff(SetPileTariffRequest request, ServerCallContext context)
    {
        var device = request.DeviceNo.ToDeviceNo();
        var name = request.Tariff is "" or Tariffs.Default ? null : request.Tariff.ToTariffName();
        var pile = await changes.MakeAsync(context, new Deed(PileOpsMapping.Subject(device), request.Reason.ToAnyReason()), async tx =>
        {
            var before = (await tx.GetAsync(PileTables.Piles, device.ToString())).OrUnregistered(device);
            var pile = (await TariffAdmin.AssignAsync(tx, before, name)).OrNotFound($"There is no tariff {name}: 'tariffs list' shows those that there are.");
            return new Made<Piles.Pile>(pile, $"Tariff {before.Tariff ?? Tariffs.Default} to {name ?? Tariffs.Default}.");
        });
        return new SetPileTariffResponse { Pile = views.Whole(pile) };
    }

    /// <inheritdoc/>
    public override async Task<UpdatePileResponse> UpdatePile(UpdatePileRequest request, ServerCallContext context)
    {
        var (device, change) = (request.DeviceNo.ToDeviceNo(), request.Read());
        var pile = await changes.MakeAsync(context, new Deed(PileOpsMapping.Subject(device), request.Reason.ToAnyReason()), async tx =>
        {
            var before = (await tx.GetAsync(PileTables.Piles, device.ToString())).OrUnregistered(device);
            var pile = change(before);
            await tx.InsistOnStationAsync(pile.Station);
            await tx.InsistOnPriceAsync(context, before, pile.Tariff, pile.Station);
            await InsistOnFreePlugsAsync(tx, pile);
            tx.Put(PileTables.Piles, pile);
            return new Made<Piles.Pile>(pile, before.DifferencesTo(pile));
        });
        return new UpdatePileResponse { Pile = views.Whole(pile) };
    }

    /// <inheritdoc/>
    public override async Task<RetirePileResponse> RetirePile(RetirePileRequest request, ServerCallContext context)
    {
        var device = request.DeviceNo.ToDeviceNo();
        var pile = await changes.MakeAsync(context, new Deed(PileOpsMapping.Subject(device), request.Reason.ToReason()), async tx =>
        {
            var pile = (await tx.GetAsync(PileTables.Piles, device.ToString())).OrUnregistered(device);
            foreach (var charge in await ChargesAsync(tx, device))
                await limits.EndAsync(tx, context.Operator(), charge);
            return await RetiredPiles.RetireAsync(tx, pile) is { } retired
                ? new Made<Piles.Pile>(retired.Pile, $"Retired; {retired.Orders} charges are being ended.")
                : new Made<Piles.Pile>(pile, "Was retired already.");
        });
        return new RetirePileResponse { Pile = views.Whole(pile) };
    }

    /// <inheritdoc/>
    public override async Task<PausePileResponse> PausePile(PausePileRequest request, ServerCallContext context) =>
        new() { Pile = views.Whole(await pauses.PauseAsync(context, request)) };

    /// <inheritdoc/>
    public override async Task<ResumePileResponse> ResumePile(ResumePileRequest request, ServerCallContext context) =>
        new() { Pile = views.Whole(await pauses.ResumeAsync(context, request)) };

    /// <inheritdoc/>
    public override Task<SendPileCommandResponse> SendPileCommand(SendPileCommandRequest request, ServerCallContext context) =>
        instructions.GiveAsync(request, context);

    private static async ValueTask<List<Order>> ChargesAsync(ITransaction tx, DeviceNo device)
    {
        List<Order> charges = [];
        foreach (var busy in await tx.ListAsync(OrderTables.BusyPlugs.ByKey, KeyRange.Prefix($"{device}-"), Piles.Pile.MaxPlugs))
        {
            if (await tx.GetAsync(OrderTables.Orders, busy.OrderNo.ToString()) is { State: OrderState.Charging } order)
                charges.Add(order);
        }
        return charges;
    }

    private static async ValueTask InsistOnFreePlugsAsync(ITransaction tx, Piles.Pile pile)
    {
        var busy = await tx.ListAsync(OrderTables.BusyPlugs.ByKey, KeyRange.Prefix($"{pile.Device}-"), Piles.Pile.MaxPlugs);
        if (busy.FirstOrDefault(plug => plug.Plug.Number > pile.PlugCount) is { } gone)
            throw Refusal.Conflict($"Plug {gone.Plug.Number} has order {gone.OrderNo}: end it first.");
    }
}
