using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Charging.Server.Payments;
using Charging.Server.Storage;

namespace Charging.Server.Moving;

/// <summary>Reads a store that nobody changes from its first row to its last, and adds it up.</summary>
internal sealed class StoreReading(IStore store)
{
    private readonly Dictionary<string, TableSum> _tables = [];
    private LedgerTotals _ledger = new();

    /// <summary>Rows read.</summary>
    public long Rows { get; private set; }

    /// <summary>The rows as the lines of an export, some in each portion.</summary>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var table in MoveFile.Moved)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var (name, rows, from) = (Encoding.UTF8.GetBytes(table.Name), 0L, "");
            while (await store.RunAsync(tx => table.ListAsync(tx, from), cancellationToken) is { Count: > 0 } slice)
            {
                using var lines = new MemoryStream();
                foreach (var entity in slice.Where(MoveFile.IsMoved))
                {
                    Add(lines, name, table.Write(entity), entity);
                    rows++;
                }
                var portion = lines.GetBuffer().AsMemory(0, (int)lines.Length);
                hash.AppendData(portion.Span);
                Rows += slice.Count;
                yield return portion;
                from = Behind(table, slice[^1]);
            }
            _tables[table.Name] = new TableSum(rows, Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
    }

    /// <summary>The tables in which there is anything but what a server has that never served.</summary>
    public static async Task<IReadOnlyList<string>> FilledAsync(IStore store, CancellationToken cancellationToken)
    {
        var filled = new List<string>();
        foreach (var table in Storage.Tables.All.Except(MoveFile.Beginnings))
        {
            if ((await store.RunAsync(tx => table.ListAsync(tx, ""), cancellationToken)).Count > 0)
                filled.Add(table.Name);
        }
        return filled;
    }

    /// <summary>The smallest key that sorts after that of a row.</summary>
    public static string Behind(ITable table, object row) => table.KeyOf(row) + " ";

    /// <summary>What was read.</summary>
    /// <param name="numbers">The sequences.</param>
    public MoveSums Sums(IReadOnlyDictionary<string, long> numbers) => new(_tables, _ledger, numbers);

    private void Add(MemoryStream lines, byte[] table, byte[] json, object entity)
    {
        lines.Write(table);
        lines.WriteByte((byte)' ');
        lines.Write(json);
        lines.WriteByte((byte)'\n');
        if (entity is LedgerEntry entry)
            _ledger = _ledger.After(entry);
    }
}
