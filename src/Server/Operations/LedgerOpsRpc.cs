using Charging.Ops.V1;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>charging.ops.v1.LedgerService.</summary>
internal sealed class LedgerOpsRpc(
    IStore store, Changes changes, LedgerStatements statements, LedgerCheck check, Payments.Reconciliation reconciliation, Diagnostics diagnostics, TimeProvider clock)
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
        var phone = request.Phone.ToPhone();
        var rider = await store.RunAsync(tx => tx.RiderAsync(phone));
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
        // What is taken up are operations of their own: the log knows of them before they begin.
        await changes.MakeAsync(context, new Deed($"bill:{day:yyyy-MM-dd}", request.Reason.ToAnyReason()), _ => ValueTask.FromResult(new Made<bool>(true, "Begun, outcome not known.")));
        var reconciled = await reconciliation.CompareAsync(day, request.Repair, context.CancellationToken);
        var answer = new ReconcileResponse { Reconciliation = reconciled.OrNoBill(day, diagnostics.PaymentProvider) };
        await changes.ConcludeAsync(context, $"{answer.Reconciliation.Differences.Count} differences; {(request.Repair ? "what could be was taken up" : "nothing was taken up")}.");
        return answer;
    }
}
