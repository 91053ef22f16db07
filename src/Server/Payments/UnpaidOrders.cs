using Charging.Server.Calls;
using Charging.Server.Orders;
using Charging.Server.Storage;

namespace Charging.Server.Payments;

/// <summary>
/// An order or a top-up that has ended unpaid is closed at the provider and asked about once more: what was paid after
/// all goes back, or is credited. The same for an order that was paid from the balance (<see cref="DueKind.Surplus"/>).
/// The provider does not know of one for which no payment was made, and is not asked.
/// </summary>
public sealed class UnpaidOrders(IStore store, IPaymentProvider provider, PaymentEffects effects, PaymentOptions options, DueKind kind) : IDueHandler
{
    /// <summary>
    /// What an order is marked with when its payment has gone back, or a part of it, before the server learnt of it: somebody
    /// did that at the provider, and has to see to the rest.
    /// </summary>
    public const string RefundedElsewhere = "REFUNDED_ELSEWHERE";

    private const int MostTries = 8;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    public DueKind Kind => kind;

    /// <inheritdoc/>
    public async Task RunAsync(DueRow row, CancellationToken cancellationToken)
    {
        if (!options.OwnPaymentService && await store.RunAsync(tx => EndUnaskedAsync(tx, row), cancellationToken))
            return;
        var answer = await AskAsync(row.Subject, cancellationToken);
        await store.RunAsync(tx => RecordAsync(tx, row, answer), cancellationToken);
    }

    /// <returns>Whether the row is done with, since this server has made no payment that could be paid.</returns>
    private async ValueTask<bool> EndUnaskedAsync(ITransaction tx, DueRow row)
    {
        var prepaid = (await tx.GetAsync(OrderTables.Orders, row.Subject))?.PrepaidFen ?? (await tx.GetAsync(TopUp.Table, row.Subject))?.PrepaidFen;
        if (prepaid is null)
            await RecordAsync(tx, row, new PaymentAnswer(PaymentState.Closed));
        return prepaid is null;
    }

    /// <returns>Null when the provider gave no answer that counts.</returns>
    private async Task<PaymentAnswer?> AskAsync(string orderNo, CancellationToken cancellationToken)
    {
        try
        {
            await provider.CloseAsync(orderNo, cancellationToken);
            var answer = await provider.QueryAsync(orderNo, null, cancellationToken);
            // Who was paid nothing was not paid.
            return answer is { State: PaymentState.Paid, PaidFen: <= 0 } ? new PaymentAnswer(PaymentState.NotPaid) : answer;
        }
        catch (Exception e) when (e is ProviderUnavailableException or UntrustedAnswerException)
        {
            return null;
        }
    }

    private async ValueTask<bool> RecordAsync(ITransaction tx, DueRow row, PaymentAnswer? answer)
    {
        if (!await tx.HoldsAsync(row))
            return false;
        // Only a payment that is closed cannot come any more; the provider's books may lag behind, and it may be silent for long.
        if (answer is null || (answer is { State: PaymentState.NotPaid } && row.Tries < MostTries))
        {
            var pause = FirstPause * Math.Pow(2, Math.Clamp(row.Leases - 1, 0, MostTries));
            tx.Put(DueRows.Table, row.Again(tx.Now + pause) with { Tries = answer is null ? row.Tries : row.Tries + 1 });
            return true;
        }
        tx.Done(row.Kind, row.Subject);
        if (answer is { State: PaymentState.Paid } paid)
            await effects.TakeUpAsync(tx, row.Subject, paid.PaidFen);
        else if (answer is { State: PaymentState.Refunded } && await tx.GetAsync(OrderTables.Orders, row.Subject) is { SurplusFen: 0, Trouble: null } order)
            tx.Put(OrderTables.Orders, order with { Trouble = RefundedElsewhere });
        else if (await tx.GetAsync(TopUp.Table, row.Subject) is { State: TopUpState.Open } topUp)
            tx.Put(TopUp.Table, topUp with { State = TopUpState.Closed });
        return true;
    }
}
