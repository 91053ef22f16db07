using Microsoft.Win32.SafeHandles;

namespace Charging.Server.Storage.LiteDb;

/// <summary>A file that is read and stays as it is: what is written to it, to finish a batch that a crash has left, is kept in memory.</summary>
internal sealed class ReadOnlyFile : IBlockFile
{
    private readonly SafeFileHandle? _file;
    private readonly List<(long Offset, byte[] Bytes)> _writes = [];

    /// <summary>Opens a file. One that is not there is empty.</summary>
    public ReadOnlyFile(string path)
    {
        _file = File.Exists(path) ? File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read) : null;
        Length = _file is null ? 0 : RandomAccess.GetLength(_file);
    }

    public long Length { get; private set; }

    public int Read(long offset, Span<byte> buffer)
    {
        var part = buffer[..(int)Math.Clamp(Length - offset, 0, buffer.Length)];
        part.Clear();
        for (var total = 0; _file is not null && RandomAccess.Read(_file, part[total..], offset + total) is > 0 and var read;)
            total += read;
        foreach (var (at, bytes) in _writes)
        {
            var (from, to) = (Math.Max(at, offset), Math.Min(at + bytes.Length, offset + part.Length));
            if (from < to)
                bytes.AsSpan((int)(from - at), (int)(to - from)).CopyTo(part[(int)(from - offset)..]);
        }
        return part.Length;
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        _writes.Add((offset, bytes.ToArray()));
        Length = Math.Max(Length, offset + bytes.Length);
    }

    public void SetLength(long length) => Length = length;

    public void Flush()
    {
    }

    public void Dispose() => _file?.Dispose();
}
