using Charging.Ops.V1;
using Charging.Server.Orders;
using Charging.Server.Storage;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>charging.ops.v1.TariffService.</summary>
public sealed class TariffOpsRpc(IStore store, TariffAdmin admin, OrderOptions options) : TariffService.TariffServiceBase
{
    /// <inheritdoc/>
    public override async Task<SetTariffResponse> SetTariff(SetTariffRequest request, ServerCallContext context) =>
        new() { Tariff = ToWire(await admin.SetAsync(request.Tariff.Read())) };

    /// <inheritdoc/>
    public override async Task<ListTariffsResponse> ListTariffs(ListTariffsRequest request, ServerCallContext context)
    {
        var page = await store.PageAsync(Tariffs.Table.ByKey, Paging.Read(request.PageSize, request.PageToken));
        var all = request.PageToken.Length == 0 ? page.Items.Prepend(options.DefaultTariff) : page.Items;
        return new ListTariffsResponse { Tariffs = { all.Select(ToWire) }, NextPageToken = page.NextToken };
    }

    /// <inheritdoc/>
    public override async Task<GetTariffResponse> GetTariff(GetTariffRequest request, ServerCallContext context) =>
        new() { Tariff = ToWire(await KnownAsync(request.Name)) };

    /// <inheritdoc/>
    public override async Task<DeleteTariffResponse> DeleteTariff(DeleteTariffRequest request, ServerCallContext context) =>
        (await admin.RemoveAsync(request.Name.ToOwnTariff())).OrRefused(request.Name);

    /// <inheritdoc/>
    public override async Task<QuoteTariffResponse> QuoteTariff(QuoteTariffRequest request, ServerCallContext context) =>
        new() { Quote = (await KnownAsync(request.Name)).Quote(request, options.LimitFen) };

    private async Task<Orders.Tariff> KnownAsync(string name) => (await admin.FindAsync(name.ToTariffName())).OrUnknown(name);

    private Ops.V1.Tariff ToWire(Orders.Tariff tariff) => tariff.ToWire(admin.PilesWith(tariff.Name));
}
