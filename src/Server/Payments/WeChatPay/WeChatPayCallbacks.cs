using System.Buffers;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Payments.WeChatPay;

/// <summary>
/// What WeChat Pay tells unasked: that something was paid, that a refund has come to an end. Anybody can call, so nothing is
/// looked at before the signature over the bytes that came. A callback is a hint: it has the effect that a query's answer would
/// have, once; for a refund it only makes the question due now.
/// </summary>
internal sealed class WeChatPayCallbacks(
    PlatformKeys platform, MerchantKeys keys, WeChatPayOptions options, IStore store, PaymentEffects effects, Refunds refunds,
    ILogger<WeChatPayCallbacks> logger)
{
    /// <summary>Where payments are told of.</summary>
    public const string PaymentPath = "/wechat/pay/notify";

    /// <summary>Where refunds are told of.</summary>
    public const string RefundPath = "/wechat/pay/refund-notify";

    private const int MaxBodyBytes = 64 * 1024;

    /// <summary>Answers 204 when the payment is taken up, 401 when it is not WeChat Pay's, 503 when it must be repeated.</summary>
    public Task PaidAsync(HttpContext context) => AnswerAsync(context, TakePaymentAsync);

    /// <summary>Answers in the same way for refunds.</summary>
    public Task RefundedAsync(HttpContext context) => AnswerAsync(context, TakeRefundAsync);

    private async Task AnswerAsync(HttpContext context, Func<HttpContext, Task<Refusal?>> take)
    {
        Refusal? refusal;
        try
        {
            refusal = await take(context);
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ProviderUnavailableException)
        {
            WeChatPayLog.CallbackPostponed(logger, fault.Message);
            refusal = new Refusal(StatusCodes.Status503ServiceUnavailable, "try again later");
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // WeChat has hung up, and will come again.
            return;
        }
        context.Response.StatusCode = refusal?.Status ?? StatusCodes.Status204NoContent;
        if (refusal is not null)
            await context.Response.WriteAsJsonAsync(new WeChatError("FAIL", refusal.Reason), WeChatPayJson.Default.WeChatError);
    }

    private async Task<Refusal?> TakePaymentAsync(HttpContext context)
    {
        var (content, refusal) = await OpenAsync(context, "transaction");
        if (content is null)
            return refusal;
        if (WeChatPayJson.Read(content, WeChatPayJson.Default.WeChatTransaction) is not { } transaction)
            return Distrust("its content cannot be read");
        if (WeChatTransactions.Contradiction(transaction, options, orderNo: null) is { } contradiction)
            return Distrust(contradiction);
        var answer = WeChatTransactions.StateOf(transaction);
        if (answer.State != PaymentState.Paid)
            return null;
        // Not ended by WeChat hanging up: what was verified takes effect.
        if (await store.RunAsync(tx => effects.TakeUpAsync(tx, transaction.OutTradeNo!, answer.PaidFen), CancellationToken.None))
            return null;
        WeChatPayLog.PaidUnknown(logger, Printable(transaction.OutTradeNo!));
        return new Refusal(StatusCodes.Status404NotFound, "no such order");
    }

    private async Task<Refusal?> TakeRefundAsync(HttpContext context)
    {
        var (content, refusal) = await OpenAsync(context, "refund");
        if (content is null)
            return refusal;
        if (WeChatPayJson.Read(content, WeChatPayJson.Default.WeChatRefund) is not { OutRefundNo.Length: > 0 } refund)
            return Distrust("its content cannot be read");
        if (refund.Mchid != options.MchId)
            return Distrust("it is for another merchant");
        await refunds.HearAsync(refund.OutRefundNo);
        return null;
    }

    /// <summary>What was sealed in a callback whose signature is WeChat Pay's; else why it is refused.</summary>
    private async Task<(byte[]? Content, Refusal? Refusal)> OpenAsync(HttpContext context, string type)
    {
        if (await ReadAsync(context.Request, context.RequestAborted) is not { } body)
            return (null, new Refusal(StatusCodes.Status413PayloadTooLarge, "too long"));
        var headers = SignatureHeaders.Read(name => context.Request.Headers[name] is [{ } value] ? value : null);
        if (await platform.ObjectionAsync(headers, body, context.RequestAborted) is { } objection)
            return (null, headers.IsProbe ? RefuseProbe() : Distrust(objection));
        if (WeChatPayJson.Read(body, WeChatPayJson.Default.WeChatCallback)?.Resource is not { } resource || resource.OriginalType != type)
            return (null, Distrust($"it is no callback of a {type}"));
        return resource.Open(keys.ApiV3) is { } content ? (content, null) : (null, Distrust("its content was not sealed with the APIv3 key"));
    }

    /// <summary>The body, up to the limit; null when it is longer.</summary>
    private static async Task<byte[]?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > MaxBodyBytes)
            return null;
        while (true)
        {
            var read = await request.BodyReader.ReadAsync(cancellationToken);
            var body = read.IsCompleted && read.Buffer.Length <= MaxBodyBytes ? read.Buffer.ToArray() : null;
            var isDone = read.IsCompleted || read.Buffer.Length > MaxBodyBytes;
            request.BodyReader.AdvanceTo(isDone ? read.Buffer.End : read.Buffer.Start, read.Buffer.End);
            if (isDone)
                return body;
        }
    }

    private Refusal RefuseProbe()
    {
        WeChatPayLog.Probe(logger);
        return new Refusal(StatusCodes.Status401Unauthorized, "bad signature");
    }

    private Refusal Distrust(string reason)
    {
        WeChatPayLog.CallbackRefused(logger, reason);
        return new Refusal(StatusCodes.Status401Unauthorized, "not verified");
    }

    private static string Printable(string number) => Text.IsClean(number, maxLength: 64) ? number : "a number that cannot be printed";

    private sealed record Refusal(int Status, string Reason);
}
