using System.Globalization;
using Npgsql;

namespace Charging.Server.Storage.PostgreSql;

/// <summary>
/// This machine's clock beside that of PostgreSQL. A node whose clock is wrong would end what others have reserved and date
/// money wrongly, so it does nothing.
/// </summary>
internal sealed class NodeClock(NpgsqlDataSource source)
{
    private static readonly TimeSpan BearableLead = TimeSpan.FromSeconds(2);

    private volatile string? _trouble;

    /// <summary>What was wrong when the clocks were compared last, in a sentence; null when nothing was.</summary>
    public string? Trouble => _trouble;

    /// <summary>Compares the clocks.</summary>
    public async Task CompareAsync(CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand("SELECT clock_timestamp()");
        // The machine's clock, also where the operations have another: a test's, which nothing else follows.
        var before = TimeProvider.System.GetUtcNow().UtcDateTime;
        var theirs = (DateTime)(await command.ExecuteScalarAsync(cancellationToken))!;
        var after = TimeProvider.System.GetUtcNow().UtcDateTime;
        // For certain: PostgreSQL looked at its clock at some time between the two.
        var lead = theirs < before ? before - theirs : theirs > after ? after - theirs : TimeSpan.Zero;
        _trouble = lead.Duration() <= BearableLead ? null : string.Create(
            CultureInfo.InvariantCulture,
            $"The clock of this machine is {lead.Duration().TotalSeconds:0.0} s {(lead > TimeSpan.Zero ? "ahead of" : "behind")} that of PostgreSQL, and nodes decide times by their own: set both by NTP.");
    }

    /// <summary>Insists that nothing was wrong.</summary>
    /// <exception cref="StoreUnavailableException">Something was.</exception>
    public void Insist()
    {
        if (_trouble is { } trouble)
            throw new StoreUnavailableException(trouble);
    }
}
