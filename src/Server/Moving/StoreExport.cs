using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Charging.Server.Storage;

namespace Charging.Server.Moving;

/// <summary>Writes a store down, to be put into another.</summary>
internal sealed class StoreExport(IStore store, TimeProvider clock)
{
    // A message is refused above 4 MiB, and a portion may be 200 rows of 1 MiB.
    private const int Portion = 256 * 1024;

    /// <summary>The lines of an export, and how many rows were read so far.</summary>
    public async IAsyncEnumerable<(ReadOnlyMemory<byte> Part, long Rows)> ReadAsync(bool isTrial, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var reading = new StoreReading(store);
        var numbers = await NumbersAsync(cancellationToken);
        var header = new MoveHeader(MoveFile.Format, MoveFile.Schema, clock.GetUtcNow(), MovingSetup.Version, isTrial);
        yield return (Hashed(Line("", JsonSerializer.Serialize(header, MoveJson.Default.MoveHeader))), 0);
        await foreach (var lines in reading.ReadAsync(cancellationToken))
        {
            for (var at = 0; at < lines.Length; at += Portion)
                yield return (Hashed(lines.Slice(at, Math.Min(Portion, lines.Length - at))), reading.Rows);
        }
        yield return (Hashed(Line(MoveFile.End + " ", JsonSerializer.Serialize(reading.Sums(numbers), MoveJson.Default.MoveSums))), reading.Rows);
        yield return (Line(MoveFile.Hash + " ", Convert.ToHexStringLower(hash.GetHashAndReset())), reading.Rows);

        ReadOnlyMemory<byte> Hashed(ReadOnlyMemory<byte> bytes)
        {
            hash.AppendData(bytes.Span);
            return bytes;
        }
    }

    /// <summary>Of each sequence the next number, which is then given to nobody.</summary>
    private Task<Dictionary<string, long>> NumbersAsync(CancellationToken cancellationToken) => store.RunAsync(
        async tx =>
        {
            var numbers = new Dictionary<string, long>();
            foreach (var sequence in NumberSequence.All)
                numbers[sequence] = await tx.NextNumberAsync(sequence);
            return numbers;
        },
        cancellationToken);

    private static ReadOnlyMemory<byte> Line(string first, string rest) => Encoding.UTF8.GetBytes($"{first}{rest}\n");
}
