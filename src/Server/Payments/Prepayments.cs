using Charging.Server.Accounts;
using Charging.Server.Accounts.MiniProgram;
using Charging.Server.Calls;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Payments;

/// <summary>A payment that a rider wants to make in the mini-program.</summary>
/// <param name="OrderNo">The order or top-up.</param>
/// <param name="Fen">How much, in fen.</param>
/// <param name="Code">What `wx.login` gave.</param>
public readonly record struct WantedPayment(OrderNo OrderNo, long Fen, string Code);

/// <summary>Makes payments at the provider (prepay, beyond the document).</summary>
public sealed class Prepayments(IStore store, IPaymentProvider provider, RiderOpenIds openIds, PaymentOptions options, OrderOptions orders)
{
    /// <summary>
    /// Makes a payment for the caller's reserved order or open top-up. Its amount is fixed before the provider is asked, who may
    /// take it and be cut off before the answer. Made again with the same amount it is the same payment.
    /// </summary>
    /// <returns>
    /// What `wx.requestPayment` takes. 403 for what is not the caller's, cannot be paid any more, was fixed with another amount
    /// or is below the smallest payment, for a code that WeChat does not take, and when the provider will not; 402 when its
    /// answer cannot be trusted; 5000 when WeChat was asked too often about this rider.
    /// </returns>
    /// <exception cref="ProviderUnavailableException">WeChat or the provider does not answer.</exception>
    public async Task<Result<PaymentParameters>> MakeAsync(Caller caller, WantedPayment wanted, CancellationToken cancellationToken)
    {
        // Whose it is comes first: nobody spends a code, or WeChat's patience, on an order of somebody else.
        if (await store.RunAsync(tx => FindAsync(tx, caller, wanted), cancellationToken) is null)
            return ResultCode.InvalidArgument;
        var openId = await openIds.AskAsync(caller.UserId, wanted.Code, cancellationToken);
        if (!openId.IsOk)
            return openId.Code;
        if (await store.RunAsync(tx => FixAsync(tx, caller, wanted, openId.Value), cancellationToken) is not { } payment)
            return ResultCode.InvalidArgument;
        try
        {
            var parameters = await provider.PrepayAsync(payment, cancellationToken);
            // Meanwhile it may have been paid from the balance, left, or closed: then nobody must be asked to pay it.
            return await store.RunAsync(tx => FindAsync(tx, caller, wanted), cancellationToken) is null ? ResultCode.InvalidArgument : parameters;
        }
        catch (PaymentRefusedException)
        {
            return ResultCode.InvalidArgument;
        }
        catch (UntrustedAnswerException)
        {
            return ResultCode.SystemError;
        }
    }

    private async ValueTask<PrepayRequest?> FixAsync(ITransaction tx, Caller caller, WantedPayment wanted, string openId)
    {
        if (await FindAsync(tx, caller, wanted) is not { } payment
            || await tx.GetAsync(AccountTables.Users, AccountTables.Key(caller.UserId)) is not { } user)
            return null;
        var identified = await Ownership.IdentifyAsync(tx, user, openId, caller.TokenHash);
        if (identified != user)
            tx.Put(AccountTables.Users, identified);
        var key = wanted.OrderNo.ToString();
        if (await tx.GetAsync(OrderTables.Orders, key) is { } order)
            tx.Put(OrderTables.Orders, order with { PrepaidFen = wanted.Fen });
        else if (await tx.GetAsync(TopUp.Table, key) is { } topUp)
            tx.Put(TopUp.Table, topUp with { PrepaidFen = wanted.Fen });
        return payment with { OpenId = openId };
    }

    /// <summary>The payment, without its payer; null when the order or top-up cannot be paid like that.</summary>
    private async ValueTask<PrepayRequest?> FindAsync(ITransaction tx, Caller caller, WantedPayment wanted)
    {
        var key = wanted.OrderNo.ToString();
        if (await tx.GetAsync(OrderTables.Orders, key) is { } order)
        {
            var payable = order.State == OrderState.Reserved && order.ReservedUntil > tx.Now && (order.PrepaidFen ?? wanted.Fen) == wanted.Fen
                && wanted.Fen >= orders.MinPaymentFen && await tx.PauseOfAsync(order.Plug) is null;
            return payable && order.UserId == caller.UserId
                ? new PrepayRequest(key, wanted.Fen, "", $"充电 {order.Plug.Device} {order.PlugText}号插头", order.ReservedUntil)
                : null;
        }
        if (await tx.GetAsync(TopUp.Table, key) is not { State: TopUpState.Open } topUp || topUp.UserId != caller.UserId)
            return null;
        var closesAt = topUp.CreatedAt + options.TopUpLifetime;
        return topUp.AmountFen == wanted.Fen && closesAt > tx.Now ? new PrepayRequest(key, wanted.Fen, "", "余额充值", closesAt) : null;
    }
}
