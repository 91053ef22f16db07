using Charging.Server.Calls;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>What mobilePaymentCharging is asked for: an order and an amount in fen, or neither.</summary>
/// <param name="Plug">The plug.</param>
/// <param name="OrderNo">The order; null when the rider has left the payment.</param>
/// <param name="Fen">What the rider says was paid, in fen.</param>
public readonly record struct ChargeRequest(PlugId Plug, OrderNo? OrderNo, long Fen);

/// <summary>A charge paid from the phone (contract sections 7 and 8).</summary>
public sealed class MobilePayment(
    IStore store,
    Reservations reservations,
    OrderPayments payments,
    PaymentCheck check,
    OrderOutcomes outcomes,
    OrderOptions options)
{
    /// <summary>
    /// Asks the provider whether the order was paid, and starts the charge; or, without an order, lets the plug go.
    /// Called again, also at the same time, it has the same outcome: one start, one refund.
    /// </summary>
    public async Task<Result<Done>> ChargeAsync(Caller caller, ChargeRequest request, CancellationToken cancellationToken)
    {
        if (request.OrderNo is not { } orderNo)
            return await reservations.CancelAsync(caller, request.Plug);
        var order = await ReadAsync(orderNo);
        if (order is null || order.UserId != caller.UserId || order.Plug != request.Plug || order.Tag == OrderTag.Card
            || (order.PrepaidFen is { } prepaid && prepaid != request.Fen))
            return ResultCode.InvalidArgument;
        if (order.PaidAt is null)
        {
            var paid = await check.AskAsync(orderNo.ToString(), request.Fen, cancellationToken);
            order = paid.IsOk ? await TakeUpAsync(orderNo, new FoundPayment(paid.Value, request.Fen, Revive: true)) : await ReadAsync(orderNo);
            // Meanwhile it may have been taken up by a callback, and have failed, and have gone back: then that is what counts.
            if (!paid.IsOk && order is not { PaidAt: not null })
                return paid.Code;
        }
        // Somebody else may have taken up what was paid, with the right amount.
        if (order is { PaidAt: not null } && order.PaidFen != request.Fen && order.Cause != FailCause.Amount)
            return ResultCode.InvalidArgument;
        return order?.Outcome()
            ?? await outcomes.StartAsync(orderNo, () => ReadAsync(orderNo), options.LongestStart, cancellationToken);
    }

    private Task<Order?> ReadAsync(OrderNo orderNo) => store.RunAsync(tx => tx.GetAsync(OrderTables.Orders, orderNo.ToString()));

    // The money is there: whoever leaves now, it is taken up all the same.
    private Task<Order?> TakeUpAsync(OrderNo orderNo, FoundPayment found) => store.RunAsync(tx => payments.TakeUpAsync(tx, orderNo, found));
}
