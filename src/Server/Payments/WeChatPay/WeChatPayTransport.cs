using System.Net.Http.Headers;
using System.Security.Cryptography;
using Charging.Server.Calls;

namespace Charging.Server.Payments.WeChatPay;

/// <summary>An answer of WeChat Pay, not verified yet.</summary>
internal sealed record WeChatPayAnswer(int Status, SignatureHeaders Headers, byte[] Body);

/// <summary>Signs requests and carries them to WeChat Pay. What comes back is not to be believed before it was verified.</summary>
internal sealed class WeChatPayTransport(IHttpClientFactory clients, WeChatPayOptions options, MerchantKeys keys, TimeProvider clock)
{
    /// <summary>Name of the HTTP client.</summary>
    public const string ClientName = "WeChatPay";

    private const int MostTries = 2;

    // A day's bill of a large operator; anything longer is not held in memory.
    private const int LongestAnswer = 64 * 1024 * 1024;

    private readonly Uri _base = new(options.BaseUrl.TrimEnd('/') + "/");

    /// <summary>Sends a request. A GET whose connection breaks is sent once more; what changes something is repeated by its due row.</summary>
    /// <param name="method">GET or POST.</param>
    /// <param name="pathAndQuery">The address without its host.</param>
    /// <param name="body">JSON; empty without a body.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ProviderUnavailableException">No answer, HTTP 5xx, 429, or 202: whether it took effect is not known.</exception>
    public async Task<WeChatPayAnswer> SendAsync(
        HttpMethod method, string pathAndQuery, byte[] body, TimeSpan timeout, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await ExchangeAsync(method, pathAndQuery, body, timeout, cancellationToken);
            }
            catch (HttpRequestException) when (method == HttpMethod.Get && tries < MostTries)
            {
            }
            catch (HttpRequestException fault)
            {
                throw new ProviderUnavailableException($"WeChat Pay could not be reached, or broke off ({fault.HttpRequestError}).", fault);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new ProviderUnavailableException($"WeChat Pay did not answer within {timeout.TotalSeconds:0.#} s.");
            }
        }
    }

    private async Task<WeChatPayAnswer> ExchangeAsync(
        HttpMethod method, string pathAndQuery, byte[] body, TimeSpan timeout, CancellationToken cancellationToken)
    {
        // The machine's clock, not the server's: it is a socket that is waited for.
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        using var client = clients.CreateClient(ClientName);
        client.Timeout = Timeout.InfiniteTimeSpan;
        client.MaxResponseContentBufferSize = LongestAnswer;
        using var request = Sign(method, pathAndQuery, body);
        using var response = await client.SendAsync(request, deadline.Token);
        var status = (int)response.StatusCode;
        if (status is >= 500 or 429 or 202)
            throw new ProviderUnavailableException($"WeChat Pay answered HTTP {status}.");
        var headers = SignatureHeaders.Read(name => response.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : null);
        return new WeChatPayAnswer(status, headers, await response.Content.ReadAsByteArrayAsync(deadline.Token));
    }

    private HttpRequestMessage Sign(HttpMethod method, string pathAndQuery, byte[] body)
    {
        var address = new Uri(_base, pathAndQuery.TrimStart('/'));
        var timestamp = Signatures.Seconds(clock.GetUtcNow());
        var nonce = RandomNumberGenerator.GetHexString(32);
        var signature = keys.Merchant.Sign(Signatures.OfRequest(method.Method, address.PathAndQuery, timestamp, nonce, body));
        var request = new HttpRequestMessage(method, address);
        request.Headers.Authorization = new AuthenticationHeaderValue(
            Signatures.Scheme,
            $"mchid=\"{options.MchId}\",nonce_str=\"{nonce}\",signature=\"{signature}\",timestamp=\"{timestamp}\",serial_no=\"{options.MerchantSerial}\"");
        request.Headers.Accept.ParseAdd("application/json");
        request.Headers.UserAgent.ParseAdd("Charging");
        // Asks for answers that are signed with the public key instead of a platform certificate.
        if (keys.Platform is not null)
            request.Headers.Add("Wechatpay-Serial", options.PublicKeyId);
        if (body.Length > 0)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        return request;
    }
}
