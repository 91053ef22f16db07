namespace Charging.Server.Payments.WeChatPay;

/// <summary>The one currency.</summary>
internal static class Currencies
{
    /// <summary>Renminbi.</summary>
    public const string Cny = "CNY";
}

/// <summary>What a payment says, in an answer and in a callback alike.</summary>
internal static class WeChatTransactions
{
    /// <summary>Where it contradicts the question; null when it does not.</summary>
    /// <param name="transaction">What WeChat Pay says.</param>
    /// <param name="options">Who asks.</param>
    /// <param name="orderNo">What was asked about; null in a callback, which names it itself.</param>
    public static string? Contradiction(WeChatTransaction transaction, WeChatPayOptions options, string? orderNo) =>
        transaction.Appid != options.AppId ? "it is for another mini-program"
        : transaction.Mchid != options.MchId ? "it is for another merchant"
        : string.IsNullOrEmpty(transaction.OutTradeNo) || (orderNo is not null && transaction.OutTradeNo != orderNo) ? "it is for another order"
        : transaction.Amount is { Currency: not (null or Currencies.Cny) } ? "it is in another currency"
        : IsPaid(transaction) && transaction.Amount is not { Total: > 0 } ? "it was paid with nothing"
        : !IsKnown(transaction.TradeState) ? "its state is not known"
        : null;

    /// <summary>What it says of the payment.</summary>
    public static PaymentAnswer StateOf(WeChatTransaction transaction) => transaction.TradeState switch
    {
        "SUCCESS" => new PaymentAnswer(PaymentState.Paid, transaction.Amount?.Total ?? 0),
        "REFUND" => new PaymentAnswer(PaymentState.Refunded),
        "CLOSED" or "REVOKED" => new PaymentAnswer(PaymentState.Closed),
        _ => new PaymentAnswer(PaymentState.NotPaid),
    };

    private static bool IsPaid(WeChatTransaction transaction) => transaction.TradeState is "SUCCESS" or "REFUND";

    // NOTPAY, USERPAYING and PAYERROR may still become a payment.
    private static bool IsKnown(string? state) => state is "SUCCESS" or "REFUND" or "NOTPAY" or "CLOSED" or "REVOKED" or "USERPAYING" or "PAYERROR" or "ACCEPT";
}
