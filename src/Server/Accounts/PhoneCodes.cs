namespace Charging.Server.Accounts;

/// <summary>What a validation code is good for.</summary>
public enum CodeType
{
    /// <summary>Making an account.</summary>
    Register,

    /// <summary>Signing in.</summary>
    Login,
}

/// <summary>A code that was sent, or is being sent.</summary>
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

    /// <summary>The code of a type that can still be entered; null when there is none.</summary>
    public SentCode? Living(CodeType type, DateTimeOffset now) =>
        (type == CodeType.Register ? Register : Login) is { } code && code.Lives(now) ? code : null;

    /// <summary>Whether the phone may be sent no more today.</summary>
    public bool IsExhausted(string today) => Day == today && SentThatDay >= MaxPerDay;

    /// <summary>Adds a code.</summary>
    public PhoneCodes Sent(CodeType type, SentCode code, string today) =>
        With(type, code) with { Day = today, SentThatDay = Day == today ? SentThatDay + 1 : 1 };

    /// <summary>Takes the last code back, which was never sent: it does not count.</summary>
    public PhoneCodes Unsent(CodeType type) => With(type, null) with { SentThatDay = Math.Max(0, SentThatDay - 1) };

    /// <summary>Replaces the code of a type, or removes it.</summary>
    public PhoneCodes With(CodeType type, SentCode? code) =>
        type == CodeType.Register ? this with { Register = code } : this with { Login = code };
}
