using System.Buffers.Binary;
using System.Numerics;

namespace Charging.Server.Storage.LiteDb;

/// <summary>
/// The log on disk: the pages of the last batch, and a commit record that says how many they are, their checksum and the
/// batch's number. A record that does not fit its pages is what a power cut left of a batch that nobody was told of.
/// The pages are overwritten in place, so an fsync has no metadata to write.
/// </summary>
internal sealed class LogFile(IBlockFile file) : IDisposable
{
    public const int PageSize = 8192;
    private const int RecordSize = 512;
    private const int PagesAt = 4096;

    /// <summary>The log is cut at closing, so that a data file copied alone is whole.</summary>
    private static ReadOnlySpan<byte> Magic => "CHGLOG01"u8;

    /// <summary>What a restore writes here instead of a batch; the first batch goes over it.</summary>
    private static ReadOnlySpan<byte> Restored => "RESTORED"u8;

    /// <summary>Whether the files were put here by a restore, and no batch was written since.</summary>
    public bool IsRestored { get; private set; }

    /// <summary>Number of the last batch that is durable here, 0 when there is none.</summary>
    public long Batch { get; private set; }

    /// <summary>Reads the batch that a crash left behind; empty when there is none or only a part of it.</summary>
    public byte[] Recover()
    {
        Span<byte> record = stackalloc byte[RecordSize];
        record.Clear();
        var read = file.Read(0, record);
        IsRestored = record[..8].SequenceEqual(Restored);
        if (read < RecordSize || !record[..8].SequenceEqual(Magic))
            return [];
        if (Checksum(0, record[..28]) != BinaryPrimitives.ReadUInt32LittleEndian(record[28..]))
            return [];
        var pageCount = BinaryPrimitives.ReadInt32LittleEndian(record[16..]);
        Batch = BinaryPrimitives.ReadInt64LittleEndian(record[8..]);
        var length = (long)pageCount * PageSize;
        if (pageCount <= 0 || PagesAt + length > file.Length || length > Array.MaxLength)
            return [];
        var pages = new byte[length];
        var whole = file.Read(PagesAt, pages) == pages.Length
            && Checksum((uint)Batch, pages) == BinaryPrimitives.ReadUInt32LittleEndian(record[20..]);
        return whole ? pages : [];
    }

    /// <summary>
    /// Makes a batch durable: all pages but the last, then the last, which carries the engine's commit mark, with the record.
    /// </summary>
    public void Write(long batch, ReadOnlySpan<byte> pages)
    {
        Span<byte> record = stackalloc byte[RecordSize];
        record.Clear();
        Magic.CopyTo(record);
        BinaryPrimitives.WriteInt64LittleEndian(record[8..], batch);
        BinaryPrimitives.WriteInt32LittleEndian(record[16..], pages.Length / PageSize);
        BinaryPrimitives.WriteUInt32LittleEndian(record[20..], Checksum((uint)batch, pages));
        BinaryPrimitives.WriteUInt32LittleEndian(record[28..], Checksum(0, record[..28]));

        var last = pages.Length - PageSize;
        if (last > 0)
        {
            file.Write(PagesAt, pages[..last]);
            file.Flush();
        }
        file.Write(PagesAt + last, pages[last..]);
        file.Write(0, record);
        file.Flush();
        Batch = batch;
    }

    /// <summary>Forgets the batch, whose pages are all in the data file.</summary>
    public void Clear()
    {
        file.SetLength(0);
        file.Flush();
    }

    public void Dispose() => file.Dispose();

    /// <summary>CRC-32C, which the processor computes at memory speed.</summary>
    private static uint Checksum(uint seed, ReadOnlySpan<byte> bytes)
    {
        var crc = ~seed;
        for (; bytes.Length >= 8; bytes = bytes[8..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
