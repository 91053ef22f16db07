namespace Charging.Server.Storage;

/// <summary>
/// The store: it runs domain operations, each alone as far as the operation can tell, and answers
/// when the result is durable.
/// </summary>
public interface IStore
{
    /// <summary>Whether other nodes work on the same store.</summary>
    bool IsShared => false;

    /// <summary>How many other nodes serve it, as of half a minute ago.</summary>
    int OtherNodes => 0;

    /// <summary>Why this node should serve nobody although operations work, in a sentence; null when it may.</summary>
    string? Trouble => null;

    /// <summary>Whether this machine's clock was wrong when it was last compared with the store's.</summary>
    bool IsClockWrong => false;

    /// <summary>Tables that were there when it was opened and that this program does not know: a newer one has made them.</summary>
    IReadOnlyList<string> UnknownTables => [];

    /// <summary>When it was last restored from a backup, UTC; null when it never was, or nobody has written that down.</summary>
    DateTimeOffset? RestoredAt => null;

    /// <summary>
    /// Asks whether operations would be run, outside of them: those wait for each other. It is also when a machine's clock is
    /// compared with the store's, where they are two.
    /// </summary>
    /// <exception cref="StoreUnavailableException">They would not.</exception>
    Task AskAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    /// <summary>
    /// The server stops: whoever waits for the store is refused, and whoever comes later waits for a moment at most. So a store
    /// with much to do does not hold up the end of the server.
    /// </summary>
    void StopWaiting()
    {
    }

    /// <summary>What they are told.</summary>
    internal static StoreUnavailableException Stopping => new("The server stops.");

    /// <summary>
    /// Runs an operation as a serializable transaction. What it has put and deleted takes effect when it
    /// returns, whatever it returns; when it throws, nothing does. It may run more than once, and touches
    /// nothing but its transaction: no network, no clock but <see cref="ITransaction.Now"/>, no await but
    /// on the transaction's own methods.
    /// </summary>
    /// <returns>The operation's result, once its effects are on disk.</returns>
    /// <exception cref="StoreUnavailableException">
    /// The store is overloaded, closed, or its disk failed. The effects may or may not be there: find out by the business key.
    /// </exception>
    Task<TResult> RunAsync<TResult>(Func<ITransaction, ValueTask<TResult>> operation, CancellationToken cancellationToken = default);
}

/// <summary>What an operation sees of the store. Entities are immutable records; a read sees the operation's own writes.</summary>
public interface ITransaction
{
    /// <summary>The time at which the operation runs, UTC.</summary>
    DateTimeOffset Now { get; }

    /// <summary>
    /// How much time has passed since a date that an operation has written: not the difference of the dates where the machine's
    /// clock was set in between, as far as this process knows.
    /// </summary>
    TimeSpan Since(DateTimeOffset date) => Now - date;

    /// <summary>
    /// Says, before the first read, which rows the operation is going to read, and mostly to write. It changes nothing but the
    /// cost: an engine behind a wire reads them in one go, and lets operations of this node that foresee the same rows run one
    /// after the other.
    /// </summary>
    ValueTask ForeseeAsync(params (ITable Table, string Key)[] rows) => default;

    /// <summary>Reads an entity by its key; null when there is none.</summary>
    ValueTask<T?> GetAsync<T>(Table<T> table, string key)
        where T : class;

    /// <summary>
    /// Reads at most <paramref name="limit"/> (1 to 200) entities of an index whose index key is in the range, in the
    /// index's order (ordinal), the entity's own key breaking ties.
    /// </summary>
    ValueTask<IReadOnlyList<T>> ListAsync<T>(Index<T> index, KeyRange range, int limit)
        where T : class;

    /// <summary>Inserts or replaces an entity.</summary>
    void Put<T>(Table<T> table, T entity)
        where T : class;

    /// <summary>Removes an entity; nothing happens when there is none.</summary>
    void Delete<T>(Table<T> table, string key)
        where T : class;

    /// <summary>The next number of a sequence, from 1. Never given twice; there may be gaps. Not undone when the operation fails.</summary>
    ValueTask<long> NextNumberAsync(string sequence);

    /// <summary>Sees to it that the next number of a sequence is higher than this one. Not undone when the operation fails.</summary>
    ValueTask RaiseNumberAsync(string sequence, long given);
}

/// <summary>A range of index keys by ordinal comparison.</summary>
/// <param name="From">First key, included.</param>
/// <param name="To">Last key, included.</param>
/// <param name="Descending">Whether the last comes first.</param>
public readonly record struct KeyRange(string From, string To, bool Descending = false)
{
    /// <summary>Sorts after every character that occurs in a key.</summary>
    public const string End = "\uffff";

    /// <summary>All keys that begin with a prefix.</summary>
    public static KeyRange Prefix(string prefix, bool descending = false) => new(prefix, prefix + End, descending);

    /// <summary>One key.</summary>
    public static KeyRange Exactly(string key) => new(key, key);
}

/// <summary>The store cannot serve now: overloaded, closing, or its disk failed. Answered as 5000.</summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>What an operation changed.</summary>
/// <param name="Table">The table.</param>
/// <param name="Key">The key.</param>
/// <param name="Entity">The entity as it is now, or null when it was deleted.</param>
/// <param name="IsOwn">Whether an operation of this node did it, and not another node's.</param>
public readonly record struct Change(ITable Table, string Key, object? Entity, bool IsOwn = true);

/// <summary>
/// An in-memory index that follows the store. Told after a commit is durable and before the answers, by one thread at a time,
/// and of each row in the order of its commits. On a store that is shared it also hears what other nodes committed to the
/// tables in <see cref="Tables.Followed"/>, a little later and of several commits perhaps the last alone. Must be quick and must not throw.
/// </summary>
public interface IStoreObserver
{
    /// <summary>Reads what is there already. Called once, at start, before anything else changes the store.</summary>
    Task LoadAsync(IStore store, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>These entities have changed.</summary>
    void Committed(IReadOnlyList<Change> changes);
}
