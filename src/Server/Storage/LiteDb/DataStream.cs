namespace Charging.Server.Storage.LiteDb;

/// <summary>The engine's data file. Its first write of a checkpoint waits for the log to be on disk.</summary>
internal sealed class DataStream(IBlockFile file, LogStream log) : PageStream
{
    private const int PageSize = LogFile.PageSize;
    private const int MaxCacheBytes = 32 << 20;

    // A process that may use little memory needs it for what the server keeps.
    private static readonly int MaxPages = (int)Math.Min(MaxCacheBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 16) / PageSize;

    // The pages that were read or written last. The engine drops its own at each checkpoint, and reading one from the system's
    // cache costs several times what copying it does.
    private readonly Dictionary<long, byte[]> _pages = [];

    /// <summary>In whole pages: the engine would cut off the part of one that a power cut left, and the log has it whole.</summary>
    public override long Length => file.Length / PageSize * PageSize;

    /// <summary>
    /// Whether the engine checkpoints. At no other time does it write here: when it fails it would mark the file as
    /// invalid, past the log, and a damaged file would no longer be as it was found.
    /// </summary>
    public bool IsWritable { get; set; }

    /// <summary>The copy that is being made of the file; what is written over is kept for it.</summary>
    public FileCopy? Copy { get; set; }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var bytes = buffer.AsSpan(offset, count);
        if (count != PageSize || !_pages.TryGetValue(Position, out var page))
            return ReadFile(bytes);
        page.CopyTo(bytes);
        Position += count;
        return count;
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        RefuseUnlessWritable();
        log.Seal();
        Copy?.BeforeWrite(Position, count);
        if (count != PageSize || Position % PageSize != 0)
            throw new InvalidOperationException("The engine writes something else than a page to its data file.");
        var page = buffer.AsSpan(offset, count);
        file.Write(Position, page);
        Keep(page);
        Position += count;
    }

    public override void SetLength(long value)
    {
        RefuseUnlessWritable();
        Copy?.BeforeWrite(value, file.Length - value);
        file.SetLength(value);
        _pages.Clear();
    }

    public override void Flush() => file.Flush();

    private int ReadFile(Span<byte> bytes)
    {
        var read = file.Read(Position, bytes);
        if (read == PageSize && Position % PageSize == 0)
        {
            var number = Position / PageSize;
            if (DataPage.Complaint(number, bytes) is { } complaint)
                throw new DamagedFileException($"page {number}: {complaint}");
            Keep(bytes);
        }
        Position += read;
        return read;
    }

    private void Keep(ReadOnlySpan<byte> page)
    {
        if (_pages.TryGetValue(Position, out var kept))
        {
            page.CopyTo(kept);
            return;
        }
        if (_pages.Count >= MaxPages)
            _pages.Clear();
        _pages[Position] = page.ToArray();
    }

    private void RefuseUnlessWritable()
    {
        if (!IsWritable)
            throw new InvalidOperationException("The engine writes its data file outside of a checkpoint.");
    }
}
