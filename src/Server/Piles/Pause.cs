using Charging.Device.V1;

namespace Charging.Server.Piles;

/// <summary>Keeps a plug, a pile or a station from new charges for a while. What charges there already goes on.</summary>
public sealed record Pause
{
    /// <summary><see cref="By"/> of a pause that the server has made by itself.</summary>
    public const string Server = "server";

    /// <summary>The plug, from 1; 0 is the whole pile, or the whole station.</summary>
    public int Plug { get; init; }

    /// <summary>The open alarm that it is for, and with which it ends; null for one that an operator or the server has made.</summary>
    public AlarmCode? Alarm { get; init; }

    /// <summary>Why; empty for an alarm.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Name of the operator key by which it was made, or <see cref="Server"/>; empty for an alarm.</summary>
    public string By { get; init; } = "";

    /// <summary>Since when, UTC.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>When it ends by itself, UTC; null when it does not. Judged at reading.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Whether it has ended by itself.</summary>
    public bool IsOver(DateTimeOffset now) => Until <= now;

    /// <summary>Why, in a word or the sentence of who made it.</summary>
    public string Why() => Alarm?.ToString() ?? Reason;

    /// <summary>Whether it is that of an alarm at a plug, or of a plug without an alarm: there is at most one of each.</summary>
    public bool IsOf(int plug, AlarmCode? alarm) => (Plug, Alarm) == (plug, alarm);
}
