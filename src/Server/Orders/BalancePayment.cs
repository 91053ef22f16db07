using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>An order to pay from the balance.</summary>
/// <param name="Plug">The plug.</param>
/// <param name="OrderNo">The order.</param>
/// <param name="Fen">How much, in fen.</param>
public readonly record struct BalanceRequest(PlugId Plug, OrderNo OrderNo, long Fen);

/// <summary>A charge paid from the balance (payWithBalance, beyond the document).</summary>
public sealed class BalancePayment(IStore store, OrderPayments payments, OrderOutcomes outcomes, OrderOptions options)
{
    /// <summary>How long after its reservation an order can still be paid: it keeps the price of that time.</summary>
    private static readonly TimeSpan LongestRevival = TimeSpan.FromHours(1);

    /// <summary>
    /// Debits the caller's balance, once, and starts the charge. Called again, also at the same time, it has the same
    /// outcome. An order that the provider was paid for takes no debit and simply goes on.
    /// </summary>
    /// <returns>As mobilePaymentCharging, and 3007.</returns>
    public Task<Result<Done>> ChargeAsync(Caller caller, BalanceRequest request, CancellationToken cancellationToken) =>
        outcomes.StartAsync(request.OrderNo, async () =>
        {
            // Once the money has moved, the charge begins whoever leaves.
            var paid = await store.RunAsync(tx => PayAsync(tx, caller, request), CancellationToken.None);
            return paid.IsOk ? paid.Value.Outcome() : paid.Code;
        }, options.LongestStart, cancellationToken);

    private async ValueTask<Result<Order>> PayAsync(ITransaction tx, Caller caller, BalanceRequest request)
    {
        await tx.ForeseeAsync(OrderTables.RowsOf(request.OrderNo, request.Plug, caller.UserId));
        if (await tx.GetAsync(OrderTables.Orders, request.OrderNo.ToString()) is not { } order
            || order.UserId != caller.UserId || order.Plug != request.Plug || order.Tag == OrderTag.Card
            || (order.PrepaidFen is { } prepaid && prepaid != request.Fen))
            return ResultCode.InvalidArgument;
        if (order.PaidAt is not null)
            return order.PaidFen == request.Fen || order.Cause == FailCause.Amount ? order : ResultCode.InvalidArgument;
        if (request.Fen < options.MinPaymentFen)
            return ResultCode.InvalidArgument;
        // Nothing was paid yet, so a plug that is gone costs nothing; and who cannot have it need not top up for it.
        if (tx.Now - order.ReservedUntil > LongestRevival || !await payments.TakePlugAsync(tx, order, revive: true))
            return ResultCode.StartFailed(order.No.ToString());
        if (await tx.GetAsync(AccountTables.Users, AccountTables.Key(caller.UserId)) is not { } user || user.BalanceFen < request.Fen)
            return ResultCode.InsufficientBalance;
        if (user.SpendableFen < request.Fen)
            return ResultCode.BalanceLocked;
        return await payments.PayFromBalanceAsync(tx, order, request.Fen);
    }
}
