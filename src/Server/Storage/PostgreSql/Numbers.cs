using System.Collections.Concurrent;
using Npgsql;

namespace Charging.Server.Storage.PostgreSql;

/// <summary>
/// The sequences of the store, made at their first use. Each number is asked for singly: a block for each node would cost
/// less, but the ledger's numbers would then not rise in the order in which a rider's money moved.
/// </summary>
internal sealed class Numbers(NpgsqlDataSource source)
{
    private readonly ConcurrentDictionary<string, string> _names = new(StringComparer.Ordinal);

    /// <summary>The sequence's name in the database, where it is from now on.</summary>
    public async ValueTask<string> NameOfAsync(string sequence)
    {
        if (_names.TryGetValue(sequence, out var known))
            return known;
        if (sequence.Length is 0 or > 50 || !sequence.All(c => char.IsAsciiLetterLower(c) || c == '_'))
            throw new ArgumentException($"The sequence '{sequence}' must be named in lower-case letters and underscores.");
        var name = "number_" + sequence;
        // Not on the operation's own connection: a sequence outlives an operation that fails.
        await using var connection = await source.ReachAsync();
        await using var command = new NpgsqlCommand(SqlTables.MakeSequence(name), connection);
        try
        {
            await command.ExecuteNonQueryAsync();
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DuplicateTable)
        {
            // Another node made it in the same moment.
        }
        return _names.GetOrAdd(sequence, name);
    }
}
