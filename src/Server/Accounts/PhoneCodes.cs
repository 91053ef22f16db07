using System.Security.Cryptography;

namespace Charging.Server.Accounts;

/// <summary>What a validation code is good for.</summary>
public enum CodeType
{
    /// <summary>Making an account.</summary>
    Register,

    /// <summary>Signing in.</summary>
    Login,
}

/// <summary>A code that was sent, or is being sent, or that an operator has issued.</summary>
/// <param name="Mac">Its HMAC; the code itself is nowhere.</param>
/// <param name="ExpiresAt">From when on it is worth nothing, UTC.</param>
/// <param name="WrongTries">How often something else was entered.</param>
public sealed record SentCode(byte[] Mac, DateTimeOffset ExpiresAt, int WrongTries)
{
    /// <summary>How many wrong tries kill a code.</summary>
    public const int MaxWrongTries = 5;

    internal bool Lives(DateTimeOffset now) => now < ExpiresAt && WrongTries < MaxWrongTries;
}

/// <summary>The codes of a phone, and how many it was sent on a day.</summary>
public sealed record PhoneCodes
{
    /// <summary>How many codes a phone may be sent on a day.</summary>
    public const int MaxPerDay = 10;

    /// <summary>The phone.</summary>
    public required Phone Phone { get; init; }

    /// <summary>The day of the newest code in Asia/Shanghai, `yyyyMMdd`.</summary>
    public string Day { get; init; } = "";

    /// <summary>How many were sent on <see cref="Day"/>.</summary>
    public int SentThatDay { get; init; }

    /// <summary>The last code for <see cref="CodeType.Register"/>, unless it was spent.</summary>
    public SentCode? Register { get; init; }

    /// <summary>The last code for <see cref="CodeType.Login"/>, unless it was spent.</summary>
    public SentCode? Login { get; init; }

    /// <summary>The last code that an operator has issued, unless it was spent; good for the type that its HMAC was made with.</summary>
    public SentCode? Issued { get; init; }

    /// <summary>
    /// Whether the last code of a type was sent so lately that there is no other yet. Wrong tries change nothing about that: who
    /// enters them would have the phone sent one code after the other.
    /// </summary>
    /// <param name="type">The type.</param>
    /// <param name="now">The time.</param>
    /// <param name="lifetime">How long a code lives: one that would live longer is of before the clock was set back.</param>
    public bool IsPaused(CodeType type, DateTimeOffset now, TimeSpan lifetime) =>
        Of(type) is { } code && now < code.ExpiresAt && code.ExpiresAt - now <= lifetime;

    /// <summary>Whether the phone may be sent no more today.</summary>
    public bool IsExhausted(string today) => Day == today && SentThatDay >= MaxPerDay;

    /// <summary>Whether a code that was entered is one of those that live.</summary>
    public bool Accepts(CodeType type, byte[] mac, DateTimeOffset now) =>
        Living(type, now).Any(code => CryptographicOperations.FixedTimeEquals(mac, code.Mac));

    /// <summary>Counts a wrong try against the codes that live; null when none does, so that there is nothing to count.</summary>
    public PhoneCodes? Tried(CodeType type, DateTimeOffset now)
    {
        return Living(type, now).Any() ? With(type, Tried(Of(type))) with { Issued = Tried(Issued) } : null;

        static SentCode? Tried(SentCode? code) => code is null ? null : code with { WrongTries = code.WrongTries + 1 };
    }

    /// <summary>Adds a code.</summary>
    public PhoneCodes Sent(CodeType type, SentCode code, string today) =>
        With(type, code) with { Day = today, SentThatDay = Day == today ? SentThatDay + 1 : 1 };

    /// <summary>Takes the last code back, which was never sent: it does not count.</summary>
    public PhoneCodes Unsent(CodeType type) => With(type, null) with { SentThatDay = Math.Max(0, SentThatDay - 1) };

    /// <summary>Adds the code of an operator, beside what was sent.</summary>
    public PhoneCodes IssuedBy(SentCode code, string today) =>
        this with { Issued = code, Day = today, SentThatDay = Day == today ? SentThatDay : 0 };

    /// <summary>Ends the codes of a type, one of which has done its work.</summary>
    public PhoneCodes Spent(CodeType type) => With(type, null) with { Issued = null };

    /// <summary>The last code of a type, whether it can still be entered or not; null when there is none.</summary>
    public SentCode? Of(CodeType type) => type == CodeType.Register ? Register : Login;

    private IEnumerable<SentCode> Living(CodeType type, DateTimeOffset now) =>
        new[] { Of(type), Issued }.OfType<SentCode>().Where(code => code.Lives(now));

    private PhoneCodes With(CodeType type, SentCode? code) =>
        type == CodeType.Register ? this with { Register = code } : this with { Login = code };
}
