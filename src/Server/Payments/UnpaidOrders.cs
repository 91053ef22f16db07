using Charging.Server.Orders;
using Charging.Server.Storage;

namespace Charging.Server.Payments;

/// <summary>
/// An order or a top-up that has ended unpaid is closed at the provider and asked about once more: what was paid after
/// all goes back, or is credited.
/// </summary>
public sealed class UnpaidOrders(IStore store, IPaymentProvider provider, OrderPayments orderPayments) : IDueHandler
{
    private const int MostTries = 8;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    public DueKind Kind => DueKind.Close;

    /// <inheritdoc/>
    public async Task RunAsync(DueRow row, CancellationToken cancellationToken)
    {
        await provider.CloseAsync(row.Subject, cancellationToken);
        var answer = await provider.QueryAsync(row.Subject, null, cancellationToken);
        await store.RunAsync(tx => RecordAsync(tx, row, answer), cancellationToken);
    }

    private async ValueTask<bool> RecordAsync(ITransaction tx, DueRow row, PaymentAnswer answer)
    {
        if (!await tx.HoldsAsync(row))
            return false;
        // Who was paid nothing was not paid.
        if (answer is { State: PaymentState.Paid, PaidFen: <= 0 })
            answer = new PaymentAnswer(PaymentState.NotPaid);
        if (answer.State == PaymentState.NotPaid && row.Tries < MostTries)
        {
            // Only a payment that is closed cannot come any more; the provider's books may lag behind.
            tx.Put(DueRows.Table, row.Again(tx.Now + FirstPause * Math.Pow(2, row.Tries)) with { Tries = row.Tries + 1 });
            return true;
        }
        tx.Done(DueKind.Close, row.Subject);
        if (await tx.GetAsync(TopUp.Table, row.Subject) is { } topUp)
        {
            if (answer.State == PaymentState.Paid)
                await TopUps.CreditAsync(tx, row.Subject, answer.PaidFen);
            else if (topUp.State == TopUpState.Open)
                tx.Put(TopUp.Table, topUp with { State = TopUpState.Closed });
        }
        else if (answer.State == PaymentState.Paid)
        {
            await orderPayments.TakeUpAsync(tx, OrderNo.Parse(row.Subject), new FoundPayment(answer.PaidFen, null, Revive: false));
        }
        return true;
    }
}
