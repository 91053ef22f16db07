namespace Charging.Server.Storage.PostgreSql;

/// <summary>
/// Lets the operations of this node that write the same rows commit one after the other, and tell it in that order. Without
/// it they would learn from the database that they were in each other's way, over and over where many want one row. What
/// keeps them apart in truth is the database: two nodes know nothing of each other's locks.
/// </summary>
internal sealed class WriteLocks
{
    // Rows that share one by chance wait for each other for nothing, which is short.
    private const int Count = 1 << 14;

    private readonly SemaphoreSlim[] _locks = [.. Enumerable.Range(0, Count).Select(_ => new SemaphoreSlim(1))];

    /// <summary>
    /// Takes the locks of rows. An operation has those of what it foresees from its beginning, and one that is run again still
    /// has those of its last try, so that nobody of this node overtakes it.
    /// </summary>
    /// <param name="held">What it has; given back here, or part of what is returned.</param>
    /// <param name="rows">What it foresees, or is about to write.</param>
    public async ValueTask<Held> TakeAsync(Held held, IEnumerable<(ITable Table, string Key)> rows)
    {
        var wanted = new SortedSet<int>(rows.Select(row => (int)((uint)HashCode.Combine(row.Table.Name, row.Key) % Count)));
        wanted.ExceptWith(held.Locks);
        var free = wanted.TakeWhile(number => _locks[number].Wait(0)).ToList();
        if (free.Count == wanted.Count)
            return free.Count == 0 ? held : new Held([.. held.Locks, .. free]);
        // What must be waited for is taken in one order alone, or two operations would wait for each other for ever.
        Release(free);
        Release(held.Locks);
        wanted.UnionWith(held.Locks);
        foreach (var number in wanted)
            await _locks[number].WaitAsync();
        return new Held(wanted);
    }

    public void Release(Held held) => Release(held.Locks);

    private void Release(IEnumerable<int> numbers)
    {
        foreach (var number in numbers)
            _locks[number].Release();
    }

    /// <summary>The locks that an operation has.</summary>
    internal sealed record Held(SortedSet<int> Locks)
    {
        public static readonly Held None = new([]);
    }
}
