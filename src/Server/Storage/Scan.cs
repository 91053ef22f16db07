using System.Runtime.CompilerServices;

namespace Charging.Server.Storage;

/// <summary>Reading much without holding the store up.</summary>
public static class Scan
{
    private const int Slice = 200;

    /// <summary>
    /// Reads everything that is in an index, a slice in each operation, while others change it: what is there from
    /// beginning to end is read once. No two entities may have the same key in the index.
    /// </summary>
    public static async IAsyncEnumerable<T> ScanAsync<T>(
        this IStore store,
        Index<T> index,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where T : class
    {
        for (var from = ""; ;)
        {
            var range = new KeyRange(from, KeyRange.End);
            var slice = await store.RunAsync(tx => tx.ListAsync(index, range, Slice), cancellationToken);
            foreach (var entity in slice)
                yield return entity;
            if (slice.Count < Slice)
                yield break;
            SmallHeap.Relieve();
            // The smallest key that sorts after the last one.
            from = index.KeyOf(slice[^1]) + " ";
        }
    }
}
