namespace Charging.Server.Accounts;

/// <summary>How many codes of a type were sent since a moment, by all nodes: what the ceiling of the whole server goes by.</summary>
public sealed record SmsWindow
{
    /// <summary>How long a window is.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(1);

    /// <summary>The type: phones that are registered are sent codes to log in, and new ones codes to register.</summary>
    public required CodeType Type { get; init; }

    /// <summary>When the first of them was sent, UTC.</summary>
    public required DateTimeOffset BeganAt { get; init; }

    /// <summary>How many.</summary>
    public int Sent { get; init; }

    /// <summary>The window with one more, a new one where there is none; null when it is full.</summary>
    public static SmsWindow? Add(SmsWindow? last, CodeType type, DateTimeOffset now, int max)
    {
        // A clock that was set back begins a new one too.
        if (last is null || now < last.BeganAt || now - last.BeganAt >= Length)
            return new SmsWindow { Type = type, BeganAt = now, Sent = 1 };
        return last.Sent < max ? last with { Sent = last.Sent + 1 } : null;
    }
}
