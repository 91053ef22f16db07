using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Charging.Server.Calls;

namespace Charging.Server.Payments.WeChatPay;

/// <summary>
/// WeChat Pay, API v3, payments in the mini-program (docs/wechat-pay.md). An answer that succeeds is believed when its signature is
/// WeChat Pay's and it speaks of what was asked. Errors bear no signature that could be relied on, and so none of them ever
/// moves money: the worst that a false one does is that the question is asked again.
/// </summary>
internal sealed class WeChatPayProvider(
    WeChatPayTransport transport, PlatformKeys platform, WeChatPayOptions options, MerchantKeys keys, TimeProvider clock,
    ILogger<WeChatPayProvider> logger) : IPaymentProvider
{
    private const string Orders = "/v3/pay/transactions/out-trade-no/";
    private const string RefundsPath = "/v3/refund/domestic/refunds";

    // WeChat Pay wants a minute at least between the prepay and its end, and the same end each time for the same number.
    private static readonly TimeSpan ExpiryMargin = TimeSpan.FromMinutes(1);

    // A bill is promised for ten in the morning. A day without payments never gets one.
    private static readonly TimeSpan BillIsMade = TimeSpan.FromHours(24 + 12);
    private static readonly TimeSpan BillTimeout = TimeSpan.FromSeconds(60);

    /// <inheritdoc/>
    public async Task<PaymentParameters> PrepayAsync(PrepayRequest payment, CancellationToken cancellationToken)
    {
        var expires = Shanghai.At(payment.ExpiresAt + ExpiryMargin).ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture);
        var request = new WeChatPrepay(
            options.AppId!, options.MchId!, payment.Description, payment.OrderNo, expires, options.CallbackUrl(WeChatPayCallbacks.PaymentPath),
            Cny(total: payment.Fen), new WeChatPayer(payment.OpenId));
        var call = new Call("prepay", payment.OrderNo, HttpMethod.Post, "/v3/pay/transactions/jsapi", Write(request, WeChatPayJson.Default.WeChatPrepay));
        var reply = await AskAsync(call, cancellationToken);
        if (reply.Code is "ORDERPAID" or "ORDER_PAID" or "ORDER_CLOSED" or "ORDERCLOSED" or "OUT_TRADE_NO_USED" or "INVALID_REQUEST" or "PARAM_ERROR"
            or "OPENID_MISMATCH" or "RULE_LIMIT" or "TRADE_ERROR" or "ACCOUNT_ERROR" or "ACCOUNTERROR")
        {
            WeChatPayLog.PrepayRefused(logger, payment.OrderNo, reply.Code);
            throw new PaymentRefusedException($"WeChat Pay does not take a payment under {payment.OrderNo}: {reply.Code}.");
        }
        var prepaid = Answer(call, reply, WeChatPayJson.Default.WeChatPrepaid);
        return Sign($"prepay_id={Checked(call, prepaid.PrepayId, prepaid.PrepayId is { Length: > 0 }, "it has no prepay_id")}");
    }

    /// <inheritdoc/>
    public async Task<PaymentAnswer> QueryAsync(string orderNo, long? expectedFen, CancellationToken cancellationToken)
    {
        var call = new Call("query", orderNo, HttpMethod.Get, $"{Orders}{Uri.EscapeDataString(orderNo)}?mchid={options.MchId}", []);
        var reply = await AskAsync(call, cancellationToken);
        if (reply.Code is "ORDER_NOT_EXIST" or "ORDERNOTEXIST" or "RESOURCE_NOT_EXISTS")
            return new PaymentAnswer(PaymentState.NotPaid);
        var transaction = Answer(call, reply, WeChatPayJson.Default.WeChatTransaction);
        if (WeChatTransactions.Contradiction(transaction, options, orderNo) is { } contradiction)
            throw Distrust(call, contradiction);
        return WeChatTransactions.StateOf(transaction);
    }

    /// <inheritdoc/>
    public async Task CloseAsync(string orderNo, CancellationToken cancellationToken)
    {
        var call = new Call(
            "close", orderNo, HttpMethod.Post, $"{Orders}{Uri.EscapeDataString(orderNo)}/close",
            Write(new WeChatClose(options.MchId!), WeChatPayJson.Default.WeChatClose));
        var reply = await AskAsync(call, cancellationToken);
        // Paid, closed, never made: there is nothing to close, and a query says which it is.
        if (reply.Code is null or "ORDER_CLOSED" or "ORDERCLOSED" or "ORDERPAID" or "ORDER_PAID" or "ORDER_NOT_EXIST" or "ORDERNOTEXIST"
            or "INVALID_REQUEST" or "TRADE_ERROR" or "USERPAYING")
            return;
        throw Refuse(call, reply);
    }

    /// <inheritdoc/>
    public async Task<RefundState> RefundAsync(RefundRequest refund, CancellationToken cancellationToken)
    {
        var request = new WeChatRefundRequest(
            refund.OrderNo, refund.No, options.CallbackUrl(WeChatPayCallbacks.RefundPath), Cny(total: refund.PaidFen, refund: refund.Fen));
        var call = new Call("refund", refund.No, HttpMethod.Post, RefundsPath, Write(request, WeChatPayJson.Default.WeChatRefundRequest));
        var reply = await AskAsync(call, cancellationToken);
        if (reply.Code is "NOT_ENOUGH" or "INVALID_REQUEST" or "RESOURCE_NOT_EXISTS" or "ORDER_NOT_EXIST" or "RULE_LIMIT" or "REQUEST_BLOCKED"
            or "TRADE_OVERDUE" or "TRADE_STATE_ERROR" or "USER_ACCOUNT_ABNORMAL")
        {
            WeChatPayLog.RefundRefused(logger, refund.No, reply.Code);
            return reply.Code == "USER_ACCOUNT_ABNORMAL" ? RefundState.Abnormal : RefundState.Refused;
        }
        var answer = Answer(call, reply, WeChatPayJson.Default.WeChatRefund);
        if (answer.OutTradeNo != refund.OrderNo || answer.Amount?.Refund != refund.Fen || answer.Amount.Total != refund.PaidFen)
            throw Distrust(call, "it speaks of another order or amount");
        return StateOf(call, answer);
    }

    /// <inheritdoc/>
    public async Task<RefundState> QueryRefundAsync(string refundNo, CancellationToken cancellationToken)
    {
        var call = new Call("refund query", refundNo, HttpMethod.Get, $"{RefundsPath}/{Uri.EscapeDataString(refundNo)}", []);
        var reply = await AskAsync(call, cancellationToken);
        return reply.Code is "RESOURCE_NOT_EXISTS" or "REFUND_NOT_EXISTS"
            ? RefundState.Unknown
            : StateOf(call, Answer(call, reply, WeChatPayJson.Default.WeChatRefund));
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<BillLine>?> BillAsync(DateOnly day, CancellationToken cancellationToken)
    {
        var now = Shanghai.At(clock.GetUtcNow());
        if (DateOnly.FromDateTime(now.DateTime) <= day)
            return null;
        var date = day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var call = new Call("bill", date, HttpMethod.Get, $"/v3/bill/tradebill?bill_date={date}&bill_type=ALL", []);
        var reply = await AskAsync(call, cancellationToken);
        if (reply.Code is "STATEMENT_CREATING")
            return null;
        if (reply.Code is "NO_STATEMENT_EXIST")
            return now.DateTime - day.ToDateTime(TimeOnly.MinValue) < BillIsMade ? null : [];
        var bill = Answer(call, reply, WeChatPayJson.Default.WeChatBill);
        return await DownloadAsync(call, bill, cancellationToken);
    }

    private async Task<IReadOnlyList<BillLine>> DownloadAsync(Call call, WeChatBill bill, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(bill.DownloadUrl, UriKind.Absolute, out var url) || bill.HashType != "SHA1")
            throw Distrust(call, "it does not say where the bill is, or how it is hashed");
        // Asked of the configured host and of no other, or requests would be signed for whoever the address names.
        var file = await transport.SendAsync(HttpMethod.Get, url.PathAndQuery, [], BillTimeout, cancellationToken);
        if (file.Status != StatusCodes.Status200OK)
            throw Refuse(call, new Reply(file.Status, WeChatPayLog.CodeOf(file.Body), file.Body));
        // The file itself is not signed; its hash came in an answer that is. The vendor chose SHA-1.
#pragma warning disable CA5350
        var hash = Convert.ToHexString(SHA1.HashData(file.Body));
#pragma warning restore CA5350
        if (!hash.Equals(bill.HashValue, StringComparison.OrdinalIgnoreCase))
            throw Distrust(call, "the file does not have the hash that was signed");
        try
        {
            return TradeBill.Read(file.Body, options.AppId!);
        }
        catch (FormatException fault)
        {
            throw Distrust(call, fault.Message.TrimEnd('.'));
        }
    }

    private async Task<Reply> AskAsync(Call call, CancellationToken cancellationToken)
    {
        var answer = await transport.SendAsync(call.Method, call.Path, call.Body, options.Timeout, cancellationToken);
        if (answer.Status is not (StatusCodes.Status200OK or StatusCodes.Status204NoContent))
            return new Reply(answer.Status, WeChatPayLog.CodeOf(answer.Body), answer.Body);
        if (await platform.ObjectionAsync(answer.Headers, answer.Body, cancellationToken) is { } objection)
            throw Distrust(call, objection);
        return new Reply(answer.Status, null, answer.Body);
    }

    private T Answer<T>(Call call, Reply reply, JsonTypeInfo<T> type)
        where T : class =>
        reply.Code is null ? WeChatPayJson.Read(reply.Body, type) ?? throw Distrust(call, "it cannot be read") : throw Refuse(call, reply);

    private RefundState StateOf(Call call, WeChatRefund refund)
    {
        if (refund.OutRefundNo != call.Number || refund.Amount is not { Currency: null or Currencies.Cny })
            throw Distrust(call, "it speaks of another refund or currency");
        return refund.Status switch
        {
            "SUCCESS" => RefundState.Done,
            "PROCESSING" => RefundState.Processing,
            "ABNORMAL" => RefundState.Abnormal,
            "CLOSED" => RefundState.Closed,
            _ => throw Distrust(call, "its state is not known"),
        };
    }

    private PaymentParameters Sign(string package)
    {
        var timeStamp = Signatures.Seconds(clock.GetUtcNow());
        var nonce = RandomNumberGenerator.GetHexString(32);
        return new PaymentParameters(timeStamp, nonce, package, "RSA", keys.Merchant.Sign(Signatures.OfPayment(options.AppId!, timeStamp, nonce, package)));
    }

    private T Checked<T>(Call call, T value, bool isGood, string reason) => isGood ? value : throw Distrust(call, reason);

    private UntrustedAnswerException Distrust(Call call, string reason)
    {
        WeChatPayLog.Untrusted(logger, $"{call.Name} of {call.Number}", reason);
        return new UntrustedAnswerException($"WeChat Pay's answer to the {call.Name} of {call.Number} is not to be trusted: {reason}.");
    }

    private ProviderUnavailableException Refuse(Call call, Reply reply)
    {
        WeChatPayLog.Refused(logger, call.Name, call.Number, reply.Status, reply.Code ?? "?");
        return new ProviderUnavailableException($"WeChat Pay refuses the {call.Name} of {call.Number}: HTTP {reply.Status} {reply.Code}.");
    }

    private static WeChatAmount Cny(long total, long? refund = null) => new() { Total = total, Refund = refund, Currency = Currencies.Cny };

    private static byte[] Write<T>(T request, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(request, type);

    private sealed record Call(string Name, string Number, HttpMethod Method, string Path, byte[] Body);

    /// <summary>A verified answer, or an error with its code.</summary>
    private sealed record Reply(int Status, string? Code, byte[] Body);
}
