using Npgsql;
using NpgsqlTypes;

namespace Charging.Server.Storage.PostgreSql;

/// <summary>Reads rows again that other nodes have changed, or may have, and tells the observers what is new.</summary>
internal sealed class Rereader(NpgsqlDataSource source, Followers followers, ILogger logger)
{
    /// <summary>The newest stamp that was taken by any node.</summary>
    public async Task<long> NewestStampAsync()
    {
        await using var command = source.CreateCommand(SqlTables.NewestStamp);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>The nodes that are there, each by its session.</summary>
    public async Task<IReadOnlySet<string>> NodesAsync()
    {
        await using var command = source.CreateCommand(SqlTables.Serving);
        await using var reader = await command.ExecuteReaderAsync();
        var nodes = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync())
            nodes.Add(reader.GetString(0));
        return nodes;
    }

    /// <summary>Every row of a table that is newer than a stamp.</summary>
    public async IAsyncEnumerable<(string Key, long Stamp)> WalkAsync(SqlTable table, long since)
    {
        for (var after = ""; ;)
        {
            var slice = new List<(string Written, long Stamp)>();
            await using (var command = source.CreateCommand(table.Walk))
            {
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = after });
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = since });
                await using var reader = await command.ExecuteReaderAsync();
                while (await reader.ReadAsync())
                    slice.Add((reader.GetString(0), reader.GetInt64(1)));
            }
            foreach (var (written, stamp) in slice)
                yield return (SqlText.Read(written), stamp);
            if (slice.Count < SqlTable.Slice)
                yield break;
            after = slice[^1].Written;
        }
    }

    /// <summary>Reads rows again.</summary>
    /// <param name="table">Their table.</param>
    /// <param name="keys">Their keys, with the stamp of the transaction that was said to have changed each; 0 when nobody said.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task ReadAgainAsync(SqlTable table, IReadOnlyDictionary<string, long> keys, CancellationToken cancellationToken)
    {
        foreach (var slice in keys.Chunk(SqlTable.Slice))
        {
            var before = slice.ToDictionary(row => row.Key, row => followers.StampOf(table.Table, row.Key), StringComparer.Ordinal);
            foreach (var row in await ReadAsync(table, [.. before.Keys], cancellationToken))
            {
                before.Remove(row.Key);
                Tell(table.Table, row);
            }
            foreach (var (key, stamp) in before)
                followers.TellGone(table.Table, key, stamp, keys[key]);
        }
    }

    /// <summary>Compares a table with what was told of it, and reads again what differs.</summary>
    /// <param name="sql">The table.</param>
    /// <param name="table">How it is followed.</param>
    /// <param name="since">The stamp after which something may have been missed, where the table is not known whole.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task CompareAsync(SqlTable sql, FollowedTable table, long since, CancellationToken cancellationToken)
    {
        var known = followers.Known(table.Table);
        var differing = new Dictionary<string, long>(StringComparer.Ordinal);
        await foreach (var (key, stamp) in WalkAsync(sql, table.IsKnownWhole ? 0 : since))
        {
            if (!known.Remove(key, out var told) || stamp > told)
                differing[key] = 0;
        }
        if (table.IsKnownWhole)
        {
            // These were told, so they were there before the walk began: they are gone.
            foreach (var key in known.Keys)
                differing[key] = 0;
        }
        await ReadAgainAsync(sql, differing, cancellationToken);
    }

    private void Tell(ITable table, (string Key, byte[] Json, long Stamp) row)
    {
        object entity;
        try
        {
            entity = table.Read(row.Json);
        }
        catch (Exception e)
        {
            // A newer program's, say. The others are told all the same, and this one when it changes again.
            if (followers.PassOver(table, row.Key, row.Stamp))
                logger.RowPassedOver(table.Name, e);
            return;
        }
        followers.TellAgain(table, new StampedRow(row.Key, entity, row.Stamp));
    }

    private async Task<List<(string Key, byte[] Json, long Stamp)>> ReadAsync(SqlTable table, string[] keys, CancellationToken cancellationToken)
    {
        var rows = new List<(string, byte[], long)>(keys.Length);
        await using var command = source.CreateCommand(table.ReadAgain);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. keys.Select(SqlText.Write)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            rows.Add((SqlText.Read(reader.GetString(0)), reader.GetFieldValue<byte[]>(1), reader.GetInt64(2)));
        return rows;
    }
}
