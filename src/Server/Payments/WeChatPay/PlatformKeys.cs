using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Charging.Server.Calls;

namespace Charging.Server.Payments.WeChatPay;

/// <summary>
/// What WeChat Pay's signatures are verified with: the public key that the operator has given, and the platform certificates,
/// which are downloaded at the first need, every 12 hours, and when an unknown serial number turns up.
/// </summary>
internal sealed class PlatformKeys(
    WeChatPayTransport transport, WeChatPayOptions options, MerchantKeys own, TimeProvider clock, ILogger<PlatformKeys> logger) : IDisposable
{
    private const string PublicKeyPrefix = "PUB_KEY_ID_";
    private static readonly TimeSpan LongestAge = TimeSpan.FromHours(12);

    // Anybody can send callbacks with invented serial numbers; they must not become a stream of downloads.
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _gate = new(1);
    private Downloaded _certificates = new(FrozenDictionary<string, Certificate>.Empty, null);
    private Attempt _last = new(null, null);

    /// <summary>Why an answer or a callback is not WeChat Pay's; null when it is.</summary>
    /// <exception cref="ProviderUnavailableException">The certificate that it names could not be downloaded now.</exception>
    public async Task<string?> ObjectionAsync(SignatureHeaders headers, byte[] body, CancellationToken cancellationToken)
    {
        if (headers.Complaint(clock.GetUtcNow()) is { } complaint)
            return complaint;
        if (await FindAsync(headers.Serial, cancellationToken) is not { } key)
            return "it is signed with a key that is not known here";
        return key.Verifies(Signatures.OfAnswer(headers.Timestamp, headers.Nonce, body), headers.Signature) ? null : "its signature is wrong";
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private async Task<RsaKey?> FindAsync(string serial, CancellationToken cancellationToken)
    {
        if (serial.StartsWith(PublicKeyPrefix, StringComparison.Ordinal))
            return serial == options.PublicKeyId ? own.Platform : null;
        if (IsYoungerThan(_certificates.At, LongestAge) && _certificates.Find(serial, clock.GetUtcNow()) is { } known)
            return known;
        var failure = await RefreshAsync(serial, cancellationToken);
        return _certificates.Find(serial, clock.GetUtcNow()) ?? (failure is null ? null : throw new ProviderUnavailableException(failure));
    }

    /// <summary>Downloads the certificates, unless that was done a moment ago.</summary>
    /// <returns>Why the newest attempt failed; null when it did not.</returns>
    private async Task<string?> RefreshAsync(string serial, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var isThere = IsYoungerThan(_certificates.At, LongestAge) && _certificates.Find(serial, clock.GetUtcNow()) is not null;
            if (isThere || IsYoungerThan(_last.At, _last.Failure is null ? Pause : PauseAfterFailure))
                return _last.Failure;
            var begunAt = clock.GetTimestamp();
            _last = new Attempt(begunAt, await DownloadAsync(cancellationToken));
            return _last.Failure;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<string?> DownloadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var answer = await transport.SendAsync(HttpMethod.Get, "/v3/certificates", [], options.Timeout, cancellationToken);
            if (answer.Status != StatusCodes.Status200OK)
            {
                var code = WeChatPayLog.CodeOf(answer.Body);
                if (own.Platform is null)
                {
                    WeChatPayLog.Refused(logger, "the download", "the platform certificates", answer.Status, code);
                    return $"WeChat Pay answered HTTP {answer.Status} to the download of its certificates.";
                }
                // A merchant that has the public key alone has no certificates: whatever names one is not WeChat's.
                WeChatPayLog.NoCertificates(logger, answer.Status, code);
                return null;
            }
            var downloaded = Read(answer.Body);
            if (!IsSignedBy(downloaded, answer))
            {
                WeChatPayLog.CertificatesNotTrusted(logger);
                return "The platform certificates that were downloaded cannot be trusted.";
            }
            _certificates = new Downloaded(downloaded, clock.GetTimestamp());
            WeChatPayLog.CertificatesDownloaded(logger, string.Join(", ", downloaded.Keys));
            return null;
        }
        catch (ProviderUnavailableException fault)
        {
            WeChatPayLog.CertificatesPostponed(logger, fault.Message);
            return fault.Message;
        }
    }

    // The certificates are WeChat's because only WeChat and the operator have the key that they were sealed with; the
    // signature is by one of them, or by the public key.
    private bool IsSignedBy(FrozenDictionary<string, Certificate> downloaded, WeChatPayAnswer answer)
    {
        var headers = answer.Headers;
        if (downloaded.Count == 0 || headers.Complaint(clock.GetUtcNow()) is not null)
            return false;
        var key = headers.Serial == options.PublicKeyId ? own.Platform : downloaded.GetValueOrDefault(headers.Serial)?.Key;
        return key?.Verifies(Signatures.OfAnswer(headers.Timestamp, headers.Nonce, answer.Body), headers.Signature) == true;
    }

    private FrozenDictionary<string, Certificate> Read(byte[] body)
    {
        var certificates = new Dictionary<string, Certificate>(StringComparer.Ordinal);
        foreach (var sealed_ in WeChatPayJson.Read(body, WeChatPayJson.Default.WeChatCertificates)?.Data ?? [])
        {
            if (sealed_ is { SerialNo: { } serial, EncryptCertificate: { } content } && content.Open(own.ApiV3) is { } pem && Parse(pem) is { } certificate)
                certificates[serial] = certificate;
        }
        return certificates.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static Certificate? Parse(byte[] pem)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(Encoding.UTF8.GetString(pem));
            using var key = certificate.GetRSAPublicKey();
            return key is null ? null : new Certificate(new RsaKey(key.ExportParameters(false)), certificate.NotAfter);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private sealed record Certificate(RsaKey Key, DateTimeOffset NotAfter);

    private bool IsYoungerThan(long? timestamp, TimeSpan age) => timestamp is { } at && clock.GetElapsedTime(at) < age;

    // Both times are the monotonic clock's.
    private sealed record Attempt(long? At, string? Failure);

    private sealed record Downloaded(FrozenDictionary<string, Certificate> BySerial, long? At)
    {
        public RsaKey? Find(string serial, DateTimeOffset now) =>
            BySerial.GetValueOrDefault(serial) is { } certificate && now <= certificate.NotAfter ? certificate.Key : null;
    }
}
