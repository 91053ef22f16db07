using System.Buffers.Binary;
using LiteDB;
using LiteDB.Engine;

namespace Charging.Server.Storage.LiteDb;

/// <summary>The data file before the engine sees it: made so that a power cut leaves all of it or nothing, and refused when damaged.</summary>
internal static class DataFile
{
    private const int Sector = 512;
    private const int SignatureAt = 32;
    private const int LastPageAt = 64;

    private static ReadOnlySpan<byte> Signature => "** This is a LiteDB file **\u0008"u8;

    /// <summary>Makes a new file; a file that is not the engine's own is left as it is.</summary>
    /// <exception cref="DamagedFileException">The file is damaged.</exception>
    public static void PrepareOrRefuse(IBlockFile file, bool hasLog)
    {
        if (hasLog && file.Length == 0)
            throw new InvalidDataException($"it is missing, although {LiteDbOpener.LogName} is there; put it back");
        var head = new byte[LogFile.PageSize];
        var read = file.Read(0, head);
        // The first sector is written last, so zeros in a file that is no longer than one page are a creation cut short.
        if (!hasLog && file.Length <= LogFile.PageSize && !head.AsSpan(0, Sector).ContainsAnyExcept((byte)0))
            Create(file);
        else if (read < LogFile.PageSize || !head.AsSpan(SignatureAt).StartsWith(Signature))
            throw new DamagedFileException("its header is not that of a store");
    }

    /// <summary>
    /// Before the log is replayed: that would make the file as long as it should be, with nothing where pages are missing, and
    /// would change what may have to be looked at. A crash leaves no page out but those that are in the log.
    /// </summary>
    /// <exception cref="DamagedFileException">The file is shorter than its header says.</exception>
    public static void RefuseCutOff(IBlockFile file, ReadOnlySpan<byte> log)
    {
        Span<byte> head = stackalloc byte[Sector];
        file.Read(0, head);
        var logged = new HashSet<uint>();
        for (var at = 0; at < log.Length; at += LogFile.PageSize)
            logged.Add(BinaryPrimitives.ReadUInt32LittleEndian(log[at..]));
        var last = BinaryPrimitives.ReadUInt32LittleEndian(head[LastPageAt..]);
        for (var page = file.Length / LogFile.PageSize; page <= last; page++)
        {
            if (!logged.Contains((uint)page))
                throw new DamagedFileException($"its end is missing, from page {page} on");
        }
    }

    private static void Create(IBlockFile file)
    {
        using var memory = new MemoryStream();
        using (var engine = new LiteEngine(new EngineSettings { DataStream = memory, LogStream = new MemoryStream(), Collation = Collation.Binary }))
        {
            // Checkpoints are ours to order: the engine must never begin one by itself.
            engine.Pragma("CHECKPOINT", 0);
            engine.Checkpoint();
        }
        var page = memory.ToArray();
        file.Write(Sector, page.AsSpan(Sector));
        file.Flush();
        file.Write(0, page.AsSpan(0, Sector));
        file.Flush();
    }
}
