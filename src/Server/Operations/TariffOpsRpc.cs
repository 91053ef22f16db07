using Charging.Ops.V1;
using Charging.Server.Orders;
using Charging.Server.Storage;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>charging.ops.v1.TariffService.</summary>
internal sealed class TariffOpsRpc(IStore store, Changes changes, TariffAdmin admin, OrderOptions options) : TariffService.TariffServiceBase
{
    /// <inheritdoc/>
    public override async Task<SetTariffResponse> SetTariff(SetTariffRequest request, ServerCallContext context)
    {
        var tariff = request.Tariff.Read();
        await changes.MakeAsync(context, new Deed(TariffOpsMapping.Subject(tariff.Name), request.Reason.ToAnyReason()), async tx =>
        {
            var isNew = await tx.GetAsync(Tariffs.Table, tariff.Name) is null;
            tx.Put(Tariffs.Table, tariff);
            return new Made<bool>(true, $"{(isNew ? "Made" : "Replaced")}: {request.Tariff}");
        });
        return new SetTariffResponse { Tariff = ToWire(tariff) };
    }

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
    public override async Task<DeleteTariffResponse> DeleteTariff(DeleteTariffRequest request, ServerCallContext context)
    {
        var name = request.Name.ToOwnTariff();
        await changes.MakeAsync(context, new Deed(TariffOpsMapping.Subject(name), request.Reason.ToAnyReason()), async tx =>
        {
            (await TariffAdmin.RemoveAsync(tx, name)).OrRefused(name);
            return new Made<bool>(true, "Removed.");
        });
        return new DeleteTariffResponse();
    }

    /// <inheritdoc/>
    public override async Task<QuoteTariffResponse> QuoteTariff(QuoteTariffRequest request, ServerCallContext context) =>
        new() { Quote = (await KnownAsync(request.Name)).Quote(request, options.LimitFen) };

    private async Task<Orders.Tariff> KnownAsync(string name) => (await admin.FindAsync(name.ToTariffName())).OrUnknown(name);

    private Ops.V1.Tariff ToWire(Orders.Tariff tariff) => tariff.ToWire(admin.PilesWith(tariff.Name));
}
