using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;

namespace Charging.Testing.WeChatPay;

/// <summary>A callback as it was sent.</summary>
/// <param name="Path">Where to.</param>
/// <param name="Body">Its bytes, as text.</param>
/// <param name="Headers">Its headers.</param>
/// <param name="Status">The HTTP status of the answer; null when there was none.</param>
public sealed record SentCallback(string Path, string Body, IReadOnlyDictionary<string, string> Headers, int? Status);

/// <summary>Sends callbacks, and sends them again with growing pauses until they are answered with success.</summary>
internal sealed class WeChatCallbacks(WeChatPayDouble wechat) : IAsyncDisposable
{
    private static readonly int[] PausesSeconds = [15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600];

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _repeats = [];

    /// <summary>All that were sent.</summary>
    public ConcurrentQueue<SentCallback> Sent { get; } = new();

    /// <summary>Tells of a payment.</summary>
    public Task<int?> PaidAsync(string orderNo) =>
        SendAsync(wechat.Books.Payment(orderNo)!.NotifyUrl, "TRANSACTION.SUCCESS", "transaction", () => WeChatPayApi.Describe(wechat, wechat.Books.Payment(orderNo)!, "SUCCESS"));

    /// <summary>Tells of a refund.</summary>
    public Task<int?> RefundedAsync(string refundNo)
    {
        var refund = wechat.Books.Refund(refundNo)!;
        return SendAsync(refund.NotifyUrl, $"REFUND.{refund.Status}", "refund", () => WeChatPayApi.DescribeInCallback(wechat, wechat.Books.Refund(refundNo)!));
    }

    /// <summary>A refund comes to its end after the time that it takes, and is told of.</summary>
    public void EndLater(BookedRefund refund) => _repeats.Add(EndAsync(refund.No, wechat.Faults.RefundTakes));

    /// <summary>Sends the bytes of another one.</summary>
    public async Task<int?> ReplayAsync(SentCallback callback)
    {
        if (wechat.Reached is not { } reached)
            return null;
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(reached, callback.Path)) { Content = new StringContent(callback.Body, Encoding.UTF8, "application/json") };
        foreach (var (name, value) in callback.Headers)
            request.Headers.TryAddWithoutValidation(name, value);
        int? status = null;
        try
        {
            using var response = await _http.SendAsync(request, _stop.Token);
            status = (int)response.StatusCode;
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException)
        {
            // Nobody there, or not in time: told again later.
        }
        Sent.Enqueue(callback with { Status = status });
        return status;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_repeats).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task<int?> SendAsync(string notifyUrl, string eventType, string type, Func<JsonObject> describe)
    {
        var path = new Uri(notifyUrl).AbsolutePath;
        var status = await ReplayAsync(Make(path, eventType, type, describe()));
        if (status is not (200 or 204))
            _repeats.Add(RepeatAsync(() => ReplayAsync(Make(path, eventType, type, describe()))));
        return status;
    }

    private async Task RepeatAsync(Func<Task<int?>> send)
    {
        foreach (var seconds in PausesSeconds)
        {
            await Task.Delay(TimeSpan.FromSeconds(seconds), wechat.Clock, _stop.Token);
            if (await send() is 200 or 204)
                return;
        }
    }

    private async Task EndAsync(string refundNo, TimeSpan takes)
    {
        if (takes > TimeSpan.Zero)
            await Task.Delay(takes, wechat.Clock, _stop.Token);
        wechat.Books.End(refundNo, wechat.Faults.RefundEnd);
        await RefundedAsync(refundNo);
    }

    private SentCallback Make(string path, string eventType, string type, JsonObject content)
    {
        var lie = wechat.Faults.Callbacks;
        var now = wechat.Clock.GetUtcNow();
        var body = SignedMessage.Write(new
        {
            id = Guid.NewGuid().ToString(),
            create_time = WeChatPayApi.Time(now),
            resource_type = "encrypt-resource",
            event_type = eventType,
            summary = eventType.EndsWith("SUCCESS", StringComparison.Ordinal) ? "支付成功" : "退款异常",
            resource = WeChatIdentity.Seal(wechat.Merchant.ApiV3Key, SignedMessage.Write(SignedMessage.Bend(content, lie)), type, type),
        });
        var signed = SignedMessage.Sign(body, wechat.SignerOfCallback(), now, lie);
        return new SentCallback(path, signed.Body, signed.Headers, null);
    }
}
