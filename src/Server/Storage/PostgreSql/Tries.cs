using System.Diagnostics;

namespace Charging.Server.Storage.PostgreSql;

/// <summary>How often an operation was tried, and what it keeps from one try to the next.</summary>
internal sealed class Tries
{
    private const int MostConflicts = 60;
    private const int MostLosses = 3;
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan MaxShortage = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortagePause = TimeSpan.FromMilliseconds(20);

    private int _conflicts;
    private int _losses;
    private int _shortages;
    private long _shortSince;

    /// <summary>The rows that no other operation of this node writes meanwhile.</summary>
    public WriteLocks.Held Held { get; set; } = WriteLocks.Held.None;

    /// <summary>How long it ran in all, without what it waited for other operations of this node.</summary>
    public TimeSpan Ran { get; set; }

    /// <summary>A COMMIT was sent and not answered. It must not be run again: it may be there.</summary>
    public bool IsInDoubt { get; set; }

    public bool MayAgainAfterConflict => ++_conflicts < MostConflicts;

    public bool MayAgainAfterLoss => ++_losses < MostLosses;

    public bool MayAgainAfterShortage
    {
        get
        {
            if (_shortages++ == 0)
                _shortSince = Stopwatch.GetTimestamp();
            return Stopwatch.GetElapsedTime(_shortSince) < MaxShortage;
        }
    }

    /// <summary>
    /// At once after the first conflict, for nobody of this node can be in the way again; then chance keeps the operations
    /// of two nodes from meeting over and over.
    /// </summary>
    public Task PauseAsync()
    {
        var most = Math.Min(LongestPause.TotalMilliseconds, (1 << Math.Min(_conflicts, 8)) - 2 + 20 * _losses + ShortagePause.TotalMilliseconds * _shortages);
        return most <= 0 ? Task.CompletedTask : Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.NextDouble() * most));
    }
}
