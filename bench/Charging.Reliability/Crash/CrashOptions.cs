using System.Globalization;

namespace Charging.Reliability.Crash;

/// <summary>Bugs that are planted to show that the run can find them.</summary>
public enum Plant
{
    /// <summary>None: the server as it is.</summary>
    None,

    /// <summary>Operations are acknowledged before they are on disk.</summary>
    EarlyAnswer,

    /// <summary>Ledger entries are written in a transaction of their own, after what they explain.</summary>
    TornLedger,
}

/// <summary>What to run.</summary>
public sealed record CrashOptions
{
    /// <summary>How often the server is killed.</summary>
    public required int Cycles { get; init; }

    /// <summary>Repeats the choices of riders, piles and kills; not the machine's timing.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The bug to plant.</summary>
    public Plant Plant { get; init; }

    /// <summary>How many kills one data directory goes through before its orders are waited for and the next begins.</summary>
    public int CyclesPerDirectory { get; init; } = 20;

    /// <summary>Riders that call at the same time.</summary>
    public int Riders { get; init; } = 16;

    /// <summary>Piles that are connected, with ten plugs each.</summary>
    public int Piles { get; init; } = 3;

    /// <summary>Told a line now and then.</summary>
    public Action<string>? Progress { get; init; }
}

/// <summary>What came of a run.</summary>
/// <param name="Cycles">Kills.</param>
/// <param name="Acknowledged">Answers that promised something.</param>
/// <param name="InDoubt">Calls that the kill left without an answer.</param>
/// <param name="Orders">Orders that were made, by phone and by card.</param>
/// <param name="Charges">Relays that were closed.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Faults">What was lost, half-done or wrong, in sentences.</param>
public sealed record CrashReport(
    int Cycles, long Acknowledged, long InDoubt, long Orders, long Charges, TimeSpan Elapsed, IReadOnlyList<string> Faults)
{
    /// <summary>The table.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"""

        | kills | acknowledged | in doubt | orders | charges | faults | time |
        |---|---|---|---|---|---|---|
        | {Cycles} | {Acknowledged} | {InDoubt} | {Orders} | {Charges} | {Faults.Count} | {Elapsed:hh\:mm\:ss} |
        {string.Join('\n', Faults.Take(50))}
        """);
}
