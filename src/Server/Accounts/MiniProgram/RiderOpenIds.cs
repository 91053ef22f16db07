using Charging.Server.Calls;

namespace Charging.Server.Accounts.MiniProgram;

/// <summary>Asks the mini-program's WeChat who riders are, at most <see cref="MiniProgramOptions.MaxLoginsPerMinute"/> times a minute for each.</summary>
public sealed class RiderOpenIds(IMiniProgram miniProgram, MiniProgramOptions options, RateLimits limits, TimeProvider clock)
{
    private readonly RateLimit<long> _askings = limits.Create<long>("wx-logins", options.MaxLoginsPerMinute, TimeSpan.FromMinutes(1));

    // A code is good once: whoever sends it twice at once has one answer.
    private readonly SharedCalls<(long UserId, string Code), string?> _running = new(clock);

    /// <summary>The openid of a rider who has called `wx.login`; 403 when WeChat does not take the code, 5000 when it was asked too often.</summary>
    /// <exception cref="ProviderUnavailableException">WeChat does not answer, or no mini-program is configured.</exception>
    public async Task<Result<string>> AskAsync(long userId, string code, CancellationToken cancellationToken)
    {
        if (!_askings.TryTake(userId))
            return ResultCode.Busy;
        var answer = await _running.AskAsync((userId, code), () => miniProgram.OpenIdAsync(code, CancellationToken.None), cancellationToken);
        return answer.Value is { } openId ? openId : ResultCode.InvalidArgument;
    }
}
