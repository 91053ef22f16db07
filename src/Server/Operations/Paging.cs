using System.Buffers.Text;
using System.Text;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Operations;

/// <summary>A page that is asked for.</summary>
/// <param name="Size">Most entities on it.</param>
/// <param name="After">Index key of the last entity that was read for the page before; empty for the first page.</param>
internal readonly record struct Cursor(int Size, string After);

/// <summary>A page.</summary>
/// <param name="Items">What is on it.</param>
/// <param name="NextToken">Names the next page; empty on the last one.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, string NextToken);

/// <summary>Lists in pages. A token is the index key at which the page before ended, so no page costs more than another.</summary>
internal static class Paging
{
    private const int DefaultSize = 50;
    private const int MaxSize = 200;

    // So that a filter that fits nothing does not read the whole table in one call.
    private const int MaxRead = 2_000;
    private const int Slice = 200;
    private const int LongestKey = 200;

    /// <summary>Reads the two fields of a request; INVALID_ARGUMENT when they make no sense.</summary>
    public static Cursor Read(int pageSize, string pageToken)
    {
        if (pageSize is < 0 or > MaxSize)
            throw Refusal.Invalid($"page_size is {pageSize}: give 1 to {MaxSize}, or 0 for {DefaultSize}.");
        return new Cursor(pageSize == 0 ? DefaultSize : pageSize, pageToken.Length == 0 ? "" : Decode(pageToken));
    }

    /// <summary>Reads a page of all that is in an index whose keys are unique.</summary>
    public static Task<Page<T>> PageAsync<T>(this IStore store, Index<T> index, Cursor cursor, Func<T, bool>? fits = null)
        where T : class => store.PageAsync(index, cursor, KeyRange.Prefix(""), fits);

    /// <summary>The token of the page after a key.</summary>
    public static string TokenAfter(string key) => Encode(key);

    /// <summary>Reads a page of an index whose keys are unique.</summary>
    /// <param name="store">The store.</param>
    /// <param name="index">The index.</param>
    /// <param name="cursor">Which page.</param>
    /// <param name="within">Which keys, and whether the last comes first.</param>
    /// <param name="fits">What is listed; null is everything.</param>
    public static async Task<Page<T>> PageAsync<T>(
        this IStore store, Index<T> index, Cursor cursor, KeyRange within, Func<T, bool>? fits = null)
        where T : class
    {
        var (found, last) = (new List<T>(), cursor.After);
        if (last.Length > 0 && (string.CompareOrdinal(last, within.From) < 0 || string.CompareOrdinal(last, within.To) > 0))
            throw BadToken();
        // One for the entity at which the page before ended, one to see whether there is a next page.
        var limit = fits is null ? Math.Min(Slice, cursor.Size + 2) : Slice;
        for (var read = 0; read < MaxRead; read += limit)
        {
            var range = Rest(within, last);
            var slice = await store.RunAsync(tx => tx.ListAsync(index, range, limit));
            foreach (var entity in slice)
            {
                var key = index.KeyOf(entity)!;
                if (key == last)
                    continue;
                if (found.Count == cursor.Size)
                    return new Page<T>(found, Encode(last));
                last = key;
                if (fits is null || fits(entity))
                    found.Add(entity);
            }
            if (slice.Count < limit)
                return new Page<T>(found, "");
        }
        return new Page<T>(found, Encode(last));
    }

    private static KeyRange Rest(KeyRange within, string last) => (last, within.Descending) switch
    {
        ("", _) => within,
        (_, true) => within with { To = last },
        _ => within with { From = last },
    };

    private static string Encode(string key) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(key));

    private static string Decode(string token)
    {
        if (token.Length > 2 * LongestKey || !Base64Url.IsValid(token))
            throw BadToken();
        var key = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token));
        return Text.IsClean(key, LongestKey) ? key : throw BadToken();
    }

    private static Grpc.Core.RpcException BadToken() =>
        Refusal.Invalid("page_token is not of this list: give next_page_token of the page before, with the same filters, or none for the first page.");
}
