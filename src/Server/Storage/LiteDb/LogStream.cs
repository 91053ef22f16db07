namespace Charging.Server.Storage.LiteDb;

/// <summary>
/// The engine's log, kept in memory until the checkpoint begins. The engine's writer thread writes pages here while the
/// store thread commits; the store thread alone reads, cuts and seals.
/// </summary>
internal sealed class LogStream(LogFile file, bool barrier) : PageStream
{
    /// <summary>Where a page says that it commits its transaction (LiteDB 5's page header).</summary>
    private const int CommitMarkAt = 18;

    /// <summary>Bytes of memory that are kept from one batch to the next.</summary>
    private const int KeptCapacity = 64 << 20;

    private readonly MemoryStream _pages = new();
    private long _nextBatch = 1;
    private bool _sealed = true;

    public override long Length => _pages.Length;

    /// <summary>Takes in the batch that a crash left; the engine then replays it, through a barrier of its own.</summary>
    public void Restore(byte[] pages)
    {
        _pages.Write(pages);
        _sealed = pages.Length == 0;
        _nextBatch = pages.Length == 0 ? file.Batch + 1 : file.Batch;
    }

    /// <summary>The number of the batch that is being written.</summary>
    public long Batch => _nextBatch;

    public override int Read(byte[] buffer, int offset, int count)
    {
        _pages.Position = Position;
        var read = _pages.Read(buffer, offset, count);
        Position += read;
        return read;
    }

    /// <summary>
    /// Never throws: the engine would wait for its writer thread for ever. A page that has no room is left out, and the
    /// barrier misses its commit mark.
    /// </summary>
    public override void Write(byte[] buffer, int offset, int count)
    {
        _sealed = false;
        if (Position + count > Array.MaxLength)
        {
            Position += count;
            return;
        }
        _pages.Position = Position;
        _pages.Write(buffer, offset, count);
        Position += count;
    }

    public override void SetLength(long value)
    {
        if (value == 0 && _pages.Length > 0)
            _nextBatch++;
        _pages.SetLength(value);
        _sealed = value == 0;
        if (value == 0 && _pages.Capacity > KeptCapacity)
            _pages.Capacity = 0;
    }

    /// <summary>The barrier: puts the batch on disk, once, before the first byte of it goes to the data file.</summary>
    /// <exception cref="IOException">The disk failed, or the engine did not write exactly one commit mark, on the last page.</exception>
    public void Seal()
    {
        if (_sealed)
            return;
        var pages = _pages.GetBuffer().AsSpan(0, (int)_pages.Length);
        var marks = 0;
        for (var at = 0; at < pages.Length; at += LogFile.PageSize)
            marks += pages[at + CommitMarkAt] == 0 ? 0 : 1;
        if (marks != 1 || pages[^(LogFile.PageSize - CommitMarkAt)] == 0)
            throw new IOException($"The log holds {marks} commit marks where the last page should have the only one.");
        if (barrier)
            file.Write(_nextBatch, pages);
        _sealed = true;
    }
}
