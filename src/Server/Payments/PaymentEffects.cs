using Charging.Server.Orders;
using Charging.Server.Storage;

namespace Charging.Server.Payments;

/// <summary>
/// What a payment does that nobody waits for: one that a callback or a late query tells of. However often and in whatever way
/// it is learnt of, it has one effect.
/// </summary>
public sealed class PaymentEffects(OrderPayments orderPayments, PaymentOptions options)
{
    /// <summary>
    /// Takes a payment up: a top-up is credited, a reserved order starts, one that has ended unpaid is paid back. Taken up
    /// again it changes nothing.
    /// </summary>
    /// <returns>Whether there is an order or a top-up of that number.</returns>
    public async ValueTask<bool> TakeUpAsync(ITransaction tx, string orderNo, long paidFen)
    {
        if (await tx.GetAsync(TopUp.Table, orderNo) is not null)
        {
            await TopUps.CreditAsync(tx, orderNo, paidFen, options);
            return true;
        }
        return OrderNo.TryParse(orderNo, out var parsed)
            && await orderPayments.TakeUpAsync(tx, parsed, new FoundPayment(paidFen, null, Revive: false)) is not null;
    }
}
