using System.Globalization;

namespace Charging.Reliability.Nodes;

/// <summary>What to run.</summary>
public sealed record NodesOptions
{
    /// <summary>How often something fails: each fault in turn.</summary>
    public required int Cycles { get; init; }

    /// <summary>Repeats the choices of riders and faults; not the machine's timing.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Riders that call at the same time, each any node.</summary>
    public int Riders { get; init; } = 8;

    /// <summary>Piles that are connected, with ten plugs each.</summary>
    public int Piles { get; init; } = 2;

    /// <summary>Told a line for each fault.</summary>
    public Action<string>? Progress { get; init; }
}

/// <summary>What came of a run.</summary>
/// <param name="Cycles">Faults that were made.</param>
/// <param name="Orders">Orders that riders were given.</param>
/// <param name="Charges">Relays that were closed.</param>
/// <param name="InDoubt">Calls that had no answer.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Faults">What was lost, done twice or wrong, in sentences.</param>
public sealed record NodesReport(int Cycles, int Orders, long Charges, long InDoubt, TimeSpan Elapsed, IReadOnlyList<string> Faults)
{
    /// <summary>The table.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"""

        | faults made | orders | charges | in doubt | wrong | time |
        |---|---|---|---|---|---|
        | {Cycles} | {Orders} | {Charges} | {InDoubt} | {Faults.Count} | {Elapsed:hh\:mm\:ss} |
        {string.Join('\n', Faults.Take(50))}
        """);
}
