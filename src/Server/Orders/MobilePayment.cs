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
        long? found = null;
        if (order.PaidAt is null)
        {
            var paid = await check.AskAsync(orderNo.ToString(), request.Fen, order.PrepaidFen is not null, cancellationToken);
            if (paid.IsOk)
                found = paid.Value;
            // Meanwhile it may have been taken up by a callback, and have failed, and have gone back: then that is what counts.
            else if (await ReadAsync(orderNo) is not { PaidAt: not null })
                return paid.Code;
        }
        return await outcomes.StartAsync(orderNo, () => GoOnAsync(order, request, found), options.LongestStart, cancellationToken);
    }

    private async Task<Result<Done>?> GoOnAsync(Order order, ChargeRequest request, long? found)
    {
        var now = found is { } fen ? await TakeUpAsync(order, new FoundPayment(fen, request.Fen, Revive: true)) : await ReadAsync(order.No);
        // Somebody else may have taken up what was paid, with the right amount.
        if (now is { PaidAt: not null } && now.PaidFen != request.Fen && now.Cause != FailCause.Amount)
            return ResultCode.InvalidArgument;
        return now?.Outcome();
    }

    private Task<Order?> ReadAsync(OrderNo orderNo) => store.RunAsync(tx => tx.GetAsync(OrderTables.Orders, orderNo.ToString()));

    // The money is there: whoever leaves now, it is taken up all the same.
    private Task<Order?> TakeUpAsync(Order order, FoundPayment found) => store.RunAsync(async tx =>
    {
        await tx.ForeseeAsync(OrderTables.RowsOf(order.No, order.Plug, order.UserId));
        return await payments.TakeUpAsync(tx, order.No, found);
    });
}
