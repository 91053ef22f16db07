using System.Net;
using Charging.Server.Calls;
using Charging.Server.Telemetry;

namespace Charging.Server.Accounts;

/// <summary>Somebody without a token who asks for a code, registers or signs in.</summary>
/// <param name="Kind">Which of them: `code`, `register` or `login`.</param>
/// <param name="Phone">The phone that is named.</param>
/// <param name="Address">Where the call comes from.</param>
public readonly record struct Attempt(string Kind, Phone Phone, IPAddress? Address);

/// <summary>
/// Keeps strangers from guessing codes and from asking which phones are registered. An attempt fails by a wrong code, or by a phone
/// that is registered or is not. Failures are counted by address, by phone and in all. An address that has had too many is refused.
/// Of a phone that has had too many no failure is told any more, but a right code is always taken. Too many in all slow every
/// attempt, and refuse none.
/// </summary>
public sealed class AttemptLimits(RateLimits limits, ServerOptions server, CodesOptions options, TimeProvider clock)
{
    /// <summary>How long attempts wait while there are too many failures in all.</summary>
    public static readonly TimeSpan Slowdown = TimeSpan.FromSeconds(2);

    private const string All = "all callers";

    private readonly AddressLimit _addresses = new(limits, server, "failed-attempts-address", options.MaxFailuresPerAddress);
    private readonly RateLimit<Phone> _phones = limits.Create<Phone>("failed-attempts-phone", options.MaxFailuresPerPhone, TimeSpan.FromHours(1));
    private readonly RateLimit<string> _all = limits.Create<string>("failed-attempts", options.MaxFailuresPerMinute, TimeSpan.FromMinutes(1));

    /// <summary>Makes an attempt.</summary>
    /// <param name="attempt">Who and what.</param>
    /// <param name="limited">What is answered where a limit is met.</param>
    /// <param name="make">Makes it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<Result<T>> TryAsync<T>(Attempt attempt, ResultCode limited, Func<Task<Result<T>>> make, CancellationToken cancellationToken)
    {
        // Counted before it is known to fail, so that many at once are counted too.
        if (!_addresses.TryTake(attempt.Address))
            return limited;
        var failed = false;
        try
        {
            if (_all.IsReached(All))
                await Task.Delay(Slowdown, clock, cancellationToken);
            var result = await make();
            ServerMeter.Logins.Add(1, new("kind", attempt.Kind), new("code", result.Code.Code));
            failed = IsFailure(result.Code);
            return !failed || Count(attempt) ? result : limited;
        }
        finally
        {
            if (!failed)
                _addresses.Return(attempt.Address);
        }
    }

    private bool Count(Attempt failed)
    {
        _all.TryTake(All, failed.Address?.ToString());
        return _phones.TryTake(failed.Phone, failed.Phone.Masked);
    }

    private static bool IsFailure(ResultCode code) =>
        ReferenceEquals(code, ResultCode.WrongCode) || ReferenceEquals(code, ResultCode.NotRegistered)
        || ReferenceEquals(code, ResultCode.PhoneTaken) || ReferenceEquals(code, ResultCode.WxNameTaken);
}
