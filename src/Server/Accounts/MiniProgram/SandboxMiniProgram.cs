using System.Security.Cryptography;
using System.Text;

namespace Charging.Server.Accounts.MiniProgram;

/// <summary>A mini-program for Development: the openid is made from the code, so whoever names a code is somebody.</summary>
internal sealed class SandboxMiniProgram(MiniProgramOptions options, ILogger<SandboxMiniProgram> logger) : IMiniProgram
{
    /// <summary>What a code begins with that is refused, to try that out.</summary>
    private const string Refused = "refused";

    /// <inheritdoc/>
    public bool Notifies => options.EndTemplateId is { Length: > 0 };

    /// <inheritdoc/>
    public Task<string?> OpenIdAsync(string code, CancellationToken cancellationToken) => Task.FromResult(
        code.StartsWith(Refused, StringComparison.Ordinal) ? null : "o" + Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(code)))[..27]);

    /// <inheritdoc/>
    public Task<bool> NotifyAsync(EndNotice notice, CancellationToken cancellationToken)
    {
        AccountLog.SandboxNotice(logger, notice.OrderNo);
        return Task.FromResult(true);
    }

    /// <inheritdoc/>
    public Task<bool> NotifyAsync(CardNotice notice, CancellationToken cancellationToken)
    {
        AccountLog.SandboxCardNotice(logger, notice.DeviceNo);
        return Task.FromResult(true);
    }
}
