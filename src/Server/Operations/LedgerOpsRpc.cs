using Charging.Ops.V1;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>charging.ops.v1.LedgerService.</summary>
public sealed class LedgerOpsRpc(
    IStore store, LedgerStatements statements, LedgerCheck check, Payments.Reconciliation reconciliation, Diagnostics diagnostics, TimeProvider clock)
    : LedgerService.LedgerServiceBase
{
    /// <inheritdoc/>
    public override async Task<GetStatementResponse> GetStatement(GetStatementRequest request, ServerCallContext context)
    {
        var number = request.No.ToOrderNo().ToString();
        var subject = (await statements.ReadAsync([number], context.CancellationToken)).Single().OrUnpaid();
        var phones = await store.PhonesAsync([subject.UserId!.Value]);
        return new GetStatementResponse { Statement = subject.ToWire(phones[subject.UserId.Value].ToString()) };
    }

    /// <inheritdoc/>
    public override async Task<ListStatementsResponse> ListStatements(ListStatementsRequest request, ServerCallContext context)
    {
        var rider = (await store.FindRiderAsync(request.Phone.ToPhone()))?.User ?? throw UserOpsRpc.Unregistered(request.Phone);
        var page = await store.PaidNumbersAsync(rider.Id, request.PageSize, request.PageToken);
        var subjects = await statements.ReadAsync(page.Items, context.CancellationToken);
        return new ListStatementsResponse
        {
            BalanceFen = rider.BalanceFen,
            Statements = { subjects.Select(subject => subject.ToWire(rider.Phone.ToString())) },
            NextPageToken = page.NextToken,
        };
    }

    /// <inheritdoc/>
    public override async Task CheckLedger(CheckLedgerRequest request, IServerStreamWriter<CheckLedgerResponse> responseStream, ServerCallContext context)
    {
        await foreach (var progress in check.RunAsync(context.CancellationToken))
            await responseStream.WriteAsync(progress.ToWire(), context.CancellationToken);
    }

    /// <inheritdoc/>
    public override async Task<GetTotalsResponse> GetTotals(GetTotalsRequest request, ServerCallContext context) =>
        new() { Totals = (await statements.TotalsAsync(context.CancellationToken)).ToWire() };

    /// <inheritdoc/>
    public override async Task<ReconcileResponse> Reconcile(ReconcileRequest request, ServerCallContext context)
    {
        var day = request.Date.ToDayThatIsOver(clock.GetUtcNow());
        var reconciled = await reconciliation.CompareAsync(day, request.Repair, context.CancellationToken);
        return new ReconcileResponse { Reconciliation = reconciled.OrNoBill(day, diagnostics.PaymentProvider) };
    }
}
