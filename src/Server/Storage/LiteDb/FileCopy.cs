namespace Charging.Server.Storage.LiteDb;

/// <summary>
/// A copy of the data file as it was at one moment, read by one reader while the store goes on writing: a page that is about
/// to be written over, and was not read yet, is kept in memory until it is. The store waits for one portion at most.
/// </summary>
internal sealed class FileCopy : IDisposable
{
    /// <summary>Memory for pages that were written over. A reader that is so much slower than the writes cannot be served.</summary>
    private const int MostKeptPages = (256 << 20) / LogFile.PageSize;

    private const int PageSize = LogFile.PageSize;

    private readonly Lock _gate = new();
    private readonly IBlockFile _file;
    private readonly Dictionary<long, byte[]> _kept = [];
    private long _next;
    private string? _failure;
    private bool _ended;

    /// <summary>Begins at the file as it is now; called by who writes it.</summary>
    public FileCopy(IBlockFile file)
    {
        _file = file;
        Length = file.Length / PageSize * PageSize;
    }

    /// <summary>Length in bytes, a whole number of pages.</summary>
    public long Length { get; }

    /// <summary>Bytes from here on are written over, or cut off. Never throws: the copy fails, and not the store.</summary>
    public void BeforeWrite(long offset, long count)
    {
        lock (_gate)
        {
            if (_ended || _failure is not null)
                return;
            try
            {
                for (var page = offset / PageSize; page * PageSize < Math.Min(offset + count, Length); page++)
                {
                    if (page * PageSize >= _next && !_kept.ContainsKey(page))
                        Keep(page);
                }
            }
            catch (Exception e) when (e is IOException or OutOfMemoryException or ObjectDisposedException)
            {
                FailLocked(e.Message);
            }
        }
    }

    /// <summary>Reads the next bytes, in whole pages; 0 at the end.</summary>
    /// <exception cref="IOException">The copy has failed and is worth nothing.</exception>
    public int Read(Span<byte> buffer)
    {
        lock (_gate)
        {
            if (_failure is not null)
                throw new IOException(_failure);
            var length = (int)Math.Min(buffer.Length / PageSize * PageSize, Length - _next);
            buffer = buffer[..length];
            if (length > 0 && _file.Read(_next, buffer) != length)
                throw new IOException("The data file ends too early.");
            for (var at = 0; at < length; at += PageSize)
            {
                if (_kept.Remove((_next + at) / PageSize, out var page))
                    page.CopyTo(buffer[at..]);
            }
            _next += length;
            return length;
        }
    }

    /// <summary>The file is gone.</summary>
    public void Fail(string why)
    {
        lock (_gate)
            FailLocked(why);
    }

    /// <summary>Nothing is kept any more.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _ended = true;
            _kept.Clear();
        }
    }

    private void Keep(long page)
    {
        if (_kept.Count >= MostKeptPages)
        {
            FailLocked("The store changed faster than the copy was taken away.");
            return;
        }
        var bytes = new byte[PageSize];
        _file.Read(page * PageSize, bytes);
        _kept[page] = bytes;
    }

    private void FailLocked(string why)
    {
        _failure ??= why;
        _kept.Clear();
    }
}
