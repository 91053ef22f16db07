namespace Charging.PileSimulator;

/// <summary>What a pile has counted since it was made.</summary>
public sealed record PileTotals
{
    /// <summary>Connections that were accepted.</summary>
    public long Connections { get; init; }

    /// <summary>Charges that were started.</summary>
    public long ChargesStarted { get; init; }

    /// <summary>Charges that ended, for whatever reason.</summary>
    public long ChargesEnded { get; init; }

    /// <summary>Commands that were rejected.</summary>
    public long CommandsRejected { get; init; }

    /// <summary>Results that were held back.</summary>
    public long SlowAnswers { get; init; }

    /// <summary>Swipes that the server accepted.</summary>
    public long SwipesAccepted { get; init; }

    /// <summary>Swipes that the server refused.</summary>
    public long SwipesRefused { get; init; }

    /// <summary>Messages of the server that were no commands. Anything above 0 is a fault of the server.</summary>
    public long Unreadable { get; init; }

    /// <summary>The sum, figure by figure.</summary>
    public static PileTotals operator +(PileTotals left, PileTotals right) => new()
    {
        Connections = left.Connections + right.Connections,
        ChargesStarted = left.ChargesStarted + right.ChargesStarted,
        ChargesEnded = left.ChargesEnded + right.ChargesEnded,
        CommandsRejected = left.CommandsRejected + right.CommandsRejected,
        SlowAnswers = left.SlowAnswers + right.SlowAnswers,
        SwipesAccepted = left.SwipesAccepted + right.SwipesAccepted,
        SwipesRefused = left.SwipesRefused + right.SwipesRefused,
        Unreadable = left.Unreadable + right.Unreadable,
    };
}
