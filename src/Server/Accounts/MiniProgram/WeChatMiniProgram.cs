using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Charging.Server.Calls;

namespace Charging.Server.Accounts.MiniProgram;

/// <summary>
/// The mini-program's WeChat (docs/wechat-pay.md). The secret and the token travel in addresses, as WeChat wants it, so no address is
/// ever logged or put into a message.
/// </summary>
internal sealed class WeChatMiniProgram(
    IHttpClientFactory clients, MiniProgramOptions options, MiniProgramSecret secret, TimeProvider clock, ILogger<WeChatMiniProgram> logger)
    : IMiniProgram, IDisposable
{
    /// <summary>Name of the HTTP client.</summary>
    public const string ClientName = "WeChatMiniProgram";

    private const int NotSubscribed = 43101;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // WeChat keeps the old token alive for five minutes beside a new one.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    private readonly Uri _base = new(options.BaseUrl.TrimEnd('/') + "/");
    private readonly MessageTemplate<EndNotice> _end = MessageTemplate<EndNotice>.TryParse(options.EndTemplateFields, MessageValues.End)!;
    private readonly MessageTemplate<CardNotice> _card = MessageTemplate<CardNotice>.TryParse(options.CardTemplateFields, MessageValues.Card)!;
    private readonly SemaphoreSlim _gate = new(1);
    private Token? _token;

    /// <inheritdoc/>
    public bool Notifies => options.EndTemplateId is { Length: > 0 };

    /// <inheritdoc/>
    public async Task<string?> OpenIdAsync(string code, CancellationToken cancellationToken)
    {
        var path = $"sns/jscode2session?appid={Escape(options.AppId!)}&secret={Escape(secret.Value)}&js_code={Escape(code)}&grant_type=authorization_code";
        var answer = await CallAsync(HttpMethod.Get, path, null, WeChatJson.Default.WeChatSession, cancellationToken);
        // 40029 no code of ours, 40163 used already, 40226 a rider whom WeChat holds back.
        if (answer.Errcode is 40029 or 40163 or 40226)
            return null;
        return answer is { Errcode: 0, Openid.Length: > 0 } ? answer.Openid : throw Refuse("jscode2session", answer.Errcode);
    }

    /// <inheritdoc/>
    public Task<bool> NotifyAsync(EndNotice notice, CancellationToken cancellationToken) =>
        SendAsync(new WeChatMessage(notice.OpenId, options.EndTemplateId!, options.EndPage, _end.Fill(notice)), notice.OrderNo, cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> NotifyAsync(CardNotice notice, CancellationToken cancellationToken) =>
        options.CardTemplateId is { Length: > 0 } template
        && await SendAsync(new WeChatMessage(notice.OpenId, template, null, _card.Fill(notice)), $"a card at {notice.DeviceNo}", cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private async Task<bool> SendAsync(WeChatMessage message, string subject, CancellationToken cancellationToken)
    {
        for (var isRepeated = false; ; isRepeated = true)
        {
            var token = await TokenAsync(cancellationToken);
            var answer = await CallAsync(
                HttpMethod.Post, $"cgi-bin/message/subscribe/send?access_token={Escape(token)}",
                JsonSerializer.SerializeToUtf8Bytes(message, WeChatJson.Default.WeChatMessage), WeChatJson.Default.WeChatResult, cancellationToken);
            if (answer.Errcode == 0)
                return true;
            // A token that WeChat no longer takes: nothing was sent.
            if (answer.Errcode is 40001 or 40014 or 42001 && !isRepeated)
            {
                Interlocked.Exchange(ref _token, null);
                continue;
            }
            // A rider who has not subscribed is every day's business; anything else is a mistake in the template or in its fields.
            AccountLog.NoticeRefused(logger, answer.Errcode == NotSubscribed ? LogLevel.Information : LogLevel.Warning, subject, answer.Errcode);
            return false;
        }
    }

    private async Task<string> TokenAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_token is { } known && clock.GetElapsedTime(known.At) < known.Lifetime)
                return known.Value;
            var askedAt = clock.GetTimestamp();
            var request = JsonSerializer.SerializeToUtf8Bytes(
                new WeChatTokenRequest("client_credential", options.AppId!, secret.Value, ForceRefresh: false), WeChatJson.Default.WeChatTokenRequest);
            var answer = await CallAsync(HttpMethod.Post, "cgi-bin/stable_token", request, WeChatJson.Default.WeChatToken, cancellationToken);
            if (answer is not { Errcode: 0, AccessToken.Length: > 0 })
                throw Refuse("stable_token", answer.Errcode);
            _token = new Token(answer.AccessToken, askedAt, TimeSpan.FromSeconds(answer.ExpiresIn) - Margin);
            return answer.AccessToken;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<T> CallAsync<T>(HttpMethod method, string path, byte[]? body, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        try
        {
            using var client = clients.CreateClient(ClientName);
            using var request = new HttpRequestMessage(method, new Uri(_base, path)) { Content = body is null ? null : new ByteArrayContent(body) };
            using var response = await client.SendAsync(request, deadline.Token);
            if (!response.IsSuccessStatusCode)
                throw new ProviderUnavailableException($"WeChat answered HTTP {(int)response.StatusCode}.");
            // It calls its JSON text/plain.
            return JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(deadline.Token), type)
                ?? throw new ProviderUnavailableException("WeChat answered nothing.");
        }
        catch (Exception fault) when (fault is HttpRequestException or JsonException)
        {
            throw new ProviderUnavailableException($"WeChat could not be reached, or answered what cannot be read ({fault.GetType().Name}).");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ProviderUnavailableException($"WeChat did not answer within {Patience.TotalSeconds} s.");
        }
    }

    private ProviderUnavailableException Refuse(string call, int code)
    {
        // -1 busy, 45009 and 45011 too many: these pass. All others do not.
        if (code is not (-1 or 45009 or 45011))
            AccountLog.MiniProgramRefused(logger, call, code);
        return new ProviderUnavailableException($"WeChat refuses {call}: error {code}.");
    }

    private static string Escape(string text) => Uri.EscapeDataString(text);

    private sealed record Token(string Value, long At, TimeSpan Lifetime);
}

/// <summary>The mini-program's secret, read once.</summary>
internal sealed class MiniProgramSecret(string value)
{
    /// <summary>The secret itself.</summary>
    public string Value => value;
}

/// <summary>What `jscode2session` answers.</summary>
internal sealed record WeChatSession(int Errcode, string? Openid);

/// <summary>What `stable_token` takes.</summary>
internal sealed record WeChatTokenRequest(string GrantType, string Appid, string Secret, bool ForceRefresh);

/// <summary>What it answers.</summary>
internal sealed record WeChatToken(int Errcode, string? AccessToken, int ExpiresIn);

/// <summary>What `subscribe/send` takes.</summary>
internal sealed record WeChatMessage(string Touser, string TemplateId, string? Page, Dictionary<string, WeChatField> Data);

/// <summary>A field of a message.</summary>
internal sealed record WeChatField(string Value);

/// <summary>What it answers.</summary>
internal sealed record WeChatResult(int Errcode);

/// <summary>How they are written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WeChatSession))]
[JsonSerializable(typeof(WeChatTokenRequest))]
[JsonSerializable(typeof(WeChatToken))]
[JsonSerializable(typeof(WeChatMessage))]
[JsonSerializable(typeof(WeChatResult))]
internal sealed partial class WeChatJson : JsonSerializerContext;
