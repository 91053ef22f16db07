namespace Charging.Server.Storage;

/// <summary>Listing an index for an operation: what is stored, with the operation's own writes over it.</summary>
internal static class Listing
{
    private const int MaxLimit = 200;

    /// <exception cref="ArgumentException">The range or the limit makes no sense.</exception>
    public static void Check(KeyRange range, int limit)
    {
        ArgumentNullException.ThrowIfNull(range.From);
        ArgumentNullException.ThrowIfNull(range.To);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, MaxLimit);
    }

    /// <summary>The number of an index in its table; <see cref="Rows.ByKey"/> for the table's own order.</summary>
    public static int NumberOf<T>(Index<T> index)
        where T : class
    {
        if (ReferenceEquals(index, index.Table.ByKey))
            return Rows.ByKey;
        for (var i = 0; i < index.Table.Indexes.Count; i++)
        {
            if (ReferenceEquals(index.Table.Indexes[i], index))
                return i;
        }
        throw new ArgumentException($"The index {index.Name} is not one of its table's.", nameof(index));
    }

    /// <summary>The last place in an index that is in a range.</summary>
    public static string Upper(int index, KeyRange range) => index == Rows.ByKey ? range.To : Keys.Upper(range.To);

    /// <summary>The stored rows that were not touched, and those that were, in the index's order.</summary>
    /// <param name="rows">The table's rows in the overlay; null when there are none.</param>
    /// <param name="index">Number of the index.</param>
    /// <param name="range">The range.</param>
    /// <param name="stored">What is stored in it, in the index's order: place, key, entity.</param>
    public static IEnumerable<object> Merge(Rows? rows, int index, KeyRange range, IEnumerable<(string At, string Key, object Entity)> stored)
    {
        var sign = range.Descending ? -1 : 1;
        using var ours = (rows?.Range(index, range.From, Upper(index, range), range.Descending) ?? []).GetEnumerator();
        using var theirs = stored.GetEnumerator();
        var hasOurs = ours.MoveNext();
        while (theirs.MoveNext())
        {
            if (rows?.Find(theirs.Current.Key) is not null)
                continue;
            for (; hasOurs && sign * string.CompareOrdinal(ours.Current.At, theirs.Current.At) < 0; hasOurs = ours.MoveNext())
                yield return ours.Current.Row!.Entity!;
            yield return theirs.Current.Entity;
        }
        for (; hasOurs; hasOurs = ours.MoveNext())
            yield return ours.Current.Row!.Entity!;
    }
}
