using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Charging.Testing.WeChatPay;

/// <summary>The calls of API v3 that the double answers, with the statuses and codes that the vendor documents.</summary>
internal sealed class WeChatPayApi(WeChatPayDouble wechat, WeChatCallbacks callbacks)
{
    private const string CertificatesPath = "/v3/certificates";

    private readonly ConcurrentDictionary<string, byte[]> _files = new();
    private readonly ConcurrentDictionary<string, bool> _processing = new();

    /// <summary>A time as WeChat Pay writes it.</summary>
    public static string Time(DateTimeOffset time) => time.ToOffset(TimeSpan.FromHours(8)).ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture);

    /// <summary>A payment, as a query and a callback tell of it.</summary>
    public static JsonObject Describe(WeChatPayDouble wechat, BookedPayment payment, string state)
    {
        var description = new JsonObject
        {
            ["mchid"] = wechat.Merchant.MchId,
            ["appid"] = wechat.Merchant.AppId,
            ["out_trade_no"] = payment.OrderNo,
            ["trade_state"] = state,
            ["trade_state_desc"] = state,
            ["attach"] = "",
        };
        if (state is not ("SUCCESS" or "REFUND"))
            return description;
        description["transaction_id"] = $"42{payment.OrderNo}";
        description["trade_type"] = "JSAPI";
        description["bank_type"] = "OTHERS";
        description["success_time"] = Time(payment.PaidAt!.Value);
        description["payer"] = new JsonObject { ["openid"] = payment.OpenId };
        description["amount"] = new JsonObject { ["total"] = payment.Fen, ["payer_total"] = payment.Fen, ["currency"] = "CNY", ["payer_currency"] = "CNY" };
        return description;
    }

    /// <summary>A refund, as its callback tells of it.</summary>
    public static JsonObject DescribeInCallback(WeChatPayDouble wechat, BookedRefund refund)
    {
        var description = Describe(wechat, refund);
        description["mchid"] = wechat.Merchant.MchId;
        description["refund_status"] = refund.Status;
        description.Remove("status");
        return description;
    }

    /// <summary>Maps the calls.</summary>
    public void Map(WebApplication app)
    {
        app.MapPost("/v3/pay/transactions/jsapi", Call(WeChatCall.Prepay, PrepayAsync));
        app.MapGet("/v3/pay/transactions/out-trade-no/{no}", Call(WeChatCall.Query, (context, _) => Task.FromResult(Query(context))));
        app.MapPost("/v3/pay/transactions/out-trade-no/{no}/close", Call(WeChatCall.Close, CloseAsync));
        app.MapPost("/v3/refund/domestic/refunds", Call(WeChatCall.Refund, (_, body) => Task.FromResult(Refund(body!))));
        app.MapGet("/v3/refund/domestic/refunds/{no}", Call(WeChatCall.RefundQuery, (context, _) => Task.FromResult(QueryRefund(context))));
        app.MapGet("/v3/bill/tradebill", Call(WeChatCall.Bill, (context, _) => Task.FromResult(Bill(context))));
        app.MapGet("/v3/billdownload/file", Call(WeChatCall.BillFile, (context, _) => Task.FromResult(BillFile(context))));
        app.MapGet(CertificatesPath, Call(WeChatCall.Certificates, (_, _) => Task.FromResult(Certificates())));
    }

    private static JsonObject Describe(WeChatPayDouble wechat, BookedRefund refund) => new()
    {
        ["refund_id"] = $"50{refund.No}",
        ["out_refund_no"] = refund.No,
        ["transaction_id"] = $"42{refund.OrderNo}",
        ["out_trade_no"] = refund.OrderNo,
        ["channel"] = "ORIGINAL",
        ["user_received_account"] = "支付用户零钱",
        ["create_time"] = Time(refund.At),
        ["status"] = refund.Status,
        ["amount"] = new JsonObject { ["total"] = wechat.Books.Payment(refund.OrderNo)!.Fen, ["refund"] = refund.Fen, ["currency"] = "CNY" },
    };

    private static string No(HttpContext context) => (string)context.Request.RouteValues["no"]!;

    private async Task<Reply> PrepayAsync(HttpContext context, JsonObject? body)
    {
        var (now, no) = (wechat.Clock.GetUtcNow(), (string)body!["out_trade_no"]!);
        if ((string?)body["appid"] != wechat.Merchant.AppId || (string?)body["mchid"] != wechat.Merchant.MchId)
            return new Reply(400, "APPID_MCHID_NOT_MATCH");
        var expires = DateTimeOffset.Parse((string)body["time_expire"]!, CultureInfo.InvariantCulture);
        var fen = (long)body["amount"]!["total"]!;
        var (description, openId, notifyUrl) = ((string)body["description"]!, (string)body["payer"]!["openid"]!, (string)body["notify_url"]!);
        if (no.Length is < 6 or > 32 || Encoding.UTF8.GetByteCount(description) is 0 or > 127 || expires < now.AddMinutes(1) || fen < 1
            || openId.Length == 0 || !notifyUrl.StartsWith("https://", StringComparison.Ordinal) || notifyUrl.Contains('?', StringComparison.Ordinal))
            return new Reply(400, "PARAM_ERROR");
        var made = new BookedPayment { OrderNo = no, Fen = fen, OpenId = openId, NotifyUrl = notifyUrl, ExpiresAt = expires, Request = body.ToJsonString() };
        var payment = wechat.Books.Change(no, known => known ?? made)!;
        if (payment.State != "NOTPAY")
            return new Reply(400, payment.State == "CLOSED" ? "ORDER_CLOSED" : "ORDERPAID");
        if (payment.Request != made.Request)
            return new Reply(400, "INVALID_REQUEST");
        if (wechat.Faults.PaidBeforePrepayAnswer)
            await wechat.PayAsync(no);
        return new Reply(200, new JsonObject { ["prepay_id"] = $"wx{no}" });
    }

    private Reply Query(HttpContext context)
    {
        if (context.Request.Query["mchid"] != wechat.Merchant.MchId)
            return new Reply(400, "PARAM_ERROR");
        var payment = wechat.Books.Change(No(context), known => known is { State: "SUCCESS" } ? known with { Queries = known.Queries + 1 } : known);
        if (payment is null)
            return new Reply(404, "ORDER_NOT_EXIST");
        var isRefunded = wechat.Books.All().Refunds.Any(refund => refund.OrderNo == payment.OrderNo && refund.Status != "CLOSED");
        var state = payment is { State: "SUCCESS" } && payment.Queries <= wechat.Faults.LaggingQueries ? "NOTPAY"
            : payment is { State: "SUCCESS" } && isRefunded ? "REFUND"
            : payment is { State: "NOTPAY" } && payment.ExpiresAt < wechat.Clock.GetUtcNow() ? "CLOSED"
            : payment.State;
        return new Reply(200, Describe(wechat, payment, state));
    }

    private Task<Reply> CloseAsync(HttpContext context, JsonObject? body)
    {
        if ((string?)body!["mchid"] != wechat.Merchant.MchId)
            return Task.FromResult(new Reply(400, "PARAM_ERROR"));
        var before = "";
        var payment = wechat.Books.Change(No(context), known =>
        {
            before = known?.State ?? "";
            return known is { State: "NOTPAY" } ? known with { State = "CLOSED" } : known;
        });
        if (before == "SUCCESS" && wechat.Faults.CallbackMode == CallbackMode.AfterClose)
            context.Response.OnCompleted(() => callbacks.PaidAsync(payment!.OrderNo));
        return Task.FromResult(before switch
        {
            "" => new Reply(404, "ORDER_NOT_EXIST"),
            "SUCCESS" => new Reply(400, "ORDERPAID"),
            "CLOSED" => new Reply(400, "ORDER_CLOSED"),
            _ => new Reply(204),
        });
    }

    private Reply Refund(JsonObject body)
    {
        if (wechat.Faults.RefundError is { } error)
            return new Reply(error is "NOT_ENOUGH" or "USER_ACCOUNT_ABNORMAL" ? 403 : 400, error);
        var (refund, refusal) = wechat.Books.Book(
            new BookedRefund
            {
                No = (string)body["out_refund_no"]!,
                OrderNo = (string)body["out_trade_no"]!,
                Fen = (long)body["amount"]!["refund"]!,
                At = wechat.Clock.GetUtcNow(),
                NotifyUrl = (string)body["notify_url"]!,
                Status = "PROCESSING",
            },
            (long)body["amount"]!["total"]!);
        if (refund is null)
            return new Reply(refusal == "RESOURCE_NOT_EXISTS" ? 404 : 400, refusal!);
        if (refund is { Status: "PROCESSING" } && refund.At == wechat.Clock.GetUtcNow() && wechat.Faults.RefundTakes == TimeSpan.Zero)
            refund = wechat.Books.End(refund.No, wechat.Faults.RefundEnd);
        else if (refund is { Status: "PROCESSING" } && _processing.TryAdd(refund.No, true))
            callbacks.EndLater(refund);
        return new Reply(200, Describe(wechat, refund));
    }

    private Reply QueryRefund(HttpContext context) =>
        wechat.Books.Refund(No(context)) is { } refund ? new Reply(200, Describe(wechat, refund)) : new Reply(404, "RESOURCE_NOT_EXISTS");

    private Reply Bill(HttpContext context)
    {
        var day = DateOnly.ParseExact(context.Request.Query["bill_date"]!, "yyyy-MM-dd", CultureInfo.InvariantCulture);
        if (wechat.Clock.GetUtcNow() < new DateTimeOffset(day, new TimeOnly(10, 0), TimeSpan.FromHours(8)).AddDays(1))
            return new Reply(400, "STATEMENT_CREATING");
        if (wechat.Books.Bill(day, wechat.Merchant.AppId, wechat.Merchant.MchId, wechat.Faults.MissingInBills.ContainsKey) is not { } bill)
            return new Reply(400, "NO_STATEMENT_EXIST");
        var (file, token) = (Encoding.UTF8.GetBytes(bill), Guid.NewGuid().ToString("N"));
#pragma warning disable CA5350 // The vendor hashes bills with SHA-1.
        var hash = Convert.ToHexStringLower(SHA1.HashData(file));
#pragma warning restore CA5350
        if (wechat.Faults.BillIsChanged)
            file[^1]++;
        _files[token] = file;
        return new Reply(200, new JsonObject { ["hash_type"] = "SHA1", ["hash_value"] = hash, ["download_url"] = $"https://api.mch.weixin.qq.com/v3/billdownload/file?token={token}" });
    }

    private Reply BillFile(HttpContext context) =>
        _files.TryGetValue(context.Request.Query["token"]!, out var file) ? new Reply(200) { File = file } : new Reply(400, "INVALID_REQUEST");

    private Reply Certificates()
    {
        if (wechat.Mode == SigningMode.PublicKey)
            return new Reply(404, "RESOURCE_NOT_EXISTS");
        var data = wechat.Certificates.Select(certificate => SignedMessage.Write(new
        {
            serial_no = certificate.Serial,
            effective_time = Time(certificate.ExpiresAt.AddYears(-5)),
            expire_time = Time(certificate.ExpiresAt),
            encrypt_certificate = WeChatIdentity.Seal(wechat.Merchant.ApiV3Key, certificate.CertificatePem, "certificate"),
        }));
        return new Reply(200, new JsonObject { ["data"] = new JsonArray([.. data.Select(one => JsonNode.Parse(one))]) });
    }

    private RequestDelegate Call(WeChatCall call, Func<HttpContext, JsonObject?, Task<Reply>> answer) => async context =>
    {
        wechat.Calls.Enqueue(call);
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync(context.RequestAborted);
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var outage = wechat.Faults.Next(call);
        if (outage == Outage.Cut)
            context.Abort();
        else if (outage is Outage.TooMany or Outage.ServerError)
            await WriteAsync(context, outage == Outage.TooMany ? new Reply(429, "FREQUENCY_LIMITED") : new Reply(500, "SYSTEM_ERROR"));
        else if (wechat.Merchant.Objection(context.Request.Headers.Authorization, context.Request.Method, target, body, wechat.Clock.GetUtcNow()) is not null)
            await WriteAsync(context, new Reply(401, "SIGN_ERROR"));
        else
            await AnswerAsync(context, outage, await answer(context, body.Length == 0 ? null : JsonNode.Parse(body)!.AsObject()));
    };

    private async Task AnswerAsync(HttpContext context, Outage outage, Reply reply)
    {
        if (outage == Outage.CutAfter)
            context.Abort();
        else if (outage == Outage.Slow)
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        else
            await WriteAsync(context, reply);
    }

    private async Task WriteAsync(HttpContext context, Reply reply)
    {
        context.Response.StatusCode = reply.Status;
        if (reply.File is { } file)
        {
            await context.Response.Body.WriteAsync(file);
            return;
        }
        var lie = context.Request.Path == CertificatesPath ? wechat.Faults.CertificateAnswers : wechat.Faults.Answers;
        var content = SignedMessage.Write(SignedMessage.Bend(reply.Body, lie));
        var signed = SignedMessage.Sign(content, wechat.SignerOfAnswer(context.Request.Headers["Wechatpay-Serial"]), wechat.Clock.GetUtcNow(), lie);
        foreach (var (name, value) in signed.Headers)
            context.Response.Headers[name] = value;
        if (content.Length == 0)
            return;
        context.Response.ContentType = "application/json; charset=utf-8";
        await context.Response.WriteAsync(signed.Body);
    }

    private sealed record Reply(int Status, JsonObject? Body = null)
    {
        public Reply(int status, string code)
            : this(status, new JsonObject { ["code"] = code, ["message"] = code })
        {
        }

        public byte[]? File { get; init; }
    }
}
