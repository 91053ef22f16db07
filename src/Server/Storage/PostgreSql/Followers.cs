namespace Charging.Server.Storage.PostgreSql;

/// <summary>A row as it was read again.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Entity">The entity.</param>
/// <param name="Stamp">The stamp of the transaction that wrote it.</param>
internal readonly record struct StampedRow(string Key, object Entity, long Stamp);

/// <summary>
/// The observers of this node. They hear of this node's commits at once, and of those of others when they were read again;
/// by the rows' stamps they never hear an older state of a row after a newer one. Of the tables that are followed over all
/// nodes it is remembered what was told.
/// </summary>
internal sealed class Followers
{
    /// <summary>After this, nothing older can still be on its way.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly IReadOnlyList<IStoreObserver> _observers;
    private readonly Dictionary<ITable, (FollowedTable Table, Dictionary<string, Told> Rows)> _tables;
    private readonly ILogger _logger;

    public Followers(IReadOnlyList<IStoreObserver> observers, IReadOnlyList<FollowedTable> tables, ILogger logger)
    {
        (_observers, _logger) = (observers, logger);
        _tables = tables.ToDictionary(table => table.Table, table => (table, new Dictionary<string, Told>(StringComparer.Ordinal)));
    }

    public IEnumerable<FollowedTable> Tables => _tables.Values.Select(table => table.Table);

    public bool Follows(ITable table) => _tables.ContainsKey(table);

    /// <summary>A row is there that the observers find by themselves when they load.</summary>
    public void Remember(ITable table, string key, long stamp)
    {
        lock (_gate)
            _tables[table].Rows[key] = new Told(stamp, IsThere: true, Environment.TickCount64);
    }

    /// <summary>An observer has found a row while it loaded: which state of it is not known.</summary>
    public void Saw(ITable table, string key)
    {
        lock (_gate)
        {
            if (_tables.TryGetValue(table, out var followed) && followed.Table.IsKnownWhole)
                followed.Rows.TryAdd(key, new Told(0, IsThere: true, Environment.TickCount64));
        }
    }

    /// <summary>What is known of a table's rows that are there: their stamps.</summary>
    public Dictionary<string, long> Known(ITable table)
    {
        lock (_gate)
            return _tables[table].Rows.Where(row => row.Value.IsThere).ToDictionary(row => row.Key, row => row.Value.Stamp, StringComparer.Ordinal);
    }

    /// <summary>What was told of a row, to be given to <see cref="TellAgain"/>; null when nothing was.</summary>
    public long? StampOf(ITable table, string key)
    {
        lock (_gate)
            return _tables[table].Rows.TryGetValue(key, out var told) ? told.Stamp : null;
    }

    /// <summary>A transaction of this node has committed.</summary>
    public void Tell(IReadOnlyList<Change> changes, long stamp)
    {
        lock (_gate)
        {
            List<Change> news = [.. changes.Where(change => IsNews(change.Table, change.Key, change.Entity is not null, stamp))];
            Hand(news);
        }
    }

    /// <summary>A row was read again and is there.</summary>
    public void TellAgain(ITable table, StampedRow row)
    {
        lock (_gate)
        {
            if (IsNews(table, row.Key, isThere: true, row.Stamp))
                Hand([new Change(table, row.Key, row.Entity, IsOwn: false)]);
        }
    }

    /// <summary>A row was read again and cannot be understood. Nobody is told; it is not looked for again until it changes.</summary>
    /// <returns>Whether that is new.</returns>
    public bool PassOver(ITable table, string key, long stamp)
    {
        lock (_gate)
            return IsNews(table, key, isThere: true, stamp);
    }

    /// <summary>A row was looked for again and is not there.</summary>
    /// <param name="table">Its table.</param>
    /// <param name="key">Its key.</param>
    /// <param name="stampBefore">What was told of it before it was looked for: if that has changed, it is newer than the look.</param>
    /// <param name="deletedBy">The stamp of the transaction that was said to have changed it; 0 when nobody said.</param>
    public void TellGone(ITable table, string key, long? stampBefore, long deletedBy)
    {
        lock (_gate)
        {
            var rows = _tables[table].Rows;
            var isKnown = rows.TryGetValue(key, out var told);
            if (isKnown && (!told.IsThere || (told.Stamp > deletedBy && told.Stamp != stampBefore)))
                return;
            rows[key] = new Told(Math.Max(isKnown ? told.Stamp : 0, deletedBy), IsThere: false, Environment.TickCount64);
            Hand([new Change(table, key, null, IsOwn: false)]);
        }
    }

    /// <summary>Forgets what nothing can contradict any more.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            var before = Environment.TickCount64 - (long)Memory.TotalMilliseconds;
            foreach (var (table, rows) in _tables.Values)
            {
                foreach (var (key, told) in rows)
                {
                    if (told.At < before && (!told.IsThere || !table.IsKnownWhole))
                        rows.Remove(key);
                }
            }
        }
    }

    private bool IsNews(ITable table, string key, bool isThere, long stamp)
    {
        if (!_tables.TryGetValue(table, out var followed))
            return true;
        if (followed.Rows.TryGetValue(key, out var told) && told.Stamp >= stamp)
            return false;
        followed.Rows[key] = new Told(stamp, isThere, Environment.TickCount64);
        return true;
    }

    private void Hand(List<Change> changes)
    {
        if (changes.Count == 0)
            return;
        foreach (var observer in _observers)
        {
            try
            {
                observer.Committed(changes);
            }
            catch (Exception e)
            {
                _logger.ObserverFailed(e);
            }
        }
    }

    private readonly record struct Told(long Stamp, bool IsThere, long At);
}
