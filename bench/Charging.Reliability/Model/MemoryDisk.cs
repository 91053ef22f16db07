using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;

namespace Charging.Reliability.Model;

/// <summary>
/// The store's files in memory. They outlive the server. Its process may be cut off in the middle of a batch's writes, and
/// of what was not flushed either everything survives, as after a kill, or nothing, as after a power cut.
/// </summary>
internal sealed class MemoryDisk : IDisk, IModelPlace
{
    private readonly Dictionary<string, MemoryFile> _files = [];
    private int _operationsLeft = int.MaxValue;

    /// <summary>Whether the process was cut off.</summary>
    public bool IsCut { get; private set; }

    /// <inheritdoc/>
    public IStore Open(World world, Life life, Random random, IReadOnlyList<IStoreObserver> observers)
    {
        var batches = new Batches(new LiteDbOpener(this, "memory", Tables.All, [], barrier: true), observers, world.Clock, new ModelLog(world));
        batches.Open();
        return new SteppedStore(batches, world.Scheduler, life, random);
    }

    /// <summary>A disk with the same files, which were flushed.</summary>
    public MemoryDisk Copy()
    {
        var copy = new MemoryDisk();
        foreach (var (name, file) in _files)
            copy._files[name] = file.Copy();
        return copy;
    }

    /// <summary>Cuts the process off before one of its next writes, flushes or changes of length.</summary>
    public void CutAfter(int operations) => _operationsLeft = operations;

    /// <summary>The process is gone, and the next one may begin.</summary>
    public void Crash(bool losesPower)
    {
        foreach (var file in _files.Values.Where(_ => losesPower))
            file.LoseUnflushed();
        _operationsLeft = int.MaxValue;
        IsCut = false;
    }

    public IBlockFile Open(string name)
    {
        ThrowIfCut();
        if (!_files.TryGetValue(name, out var file))
            _files[name] = file = new MemoryFile();
        return new Handle(this, file);
    }

    private void ThrowIfCut()
    {
        if (IsCut)
            throw new IOException("The process is gone.");
    }

    private void Count()
    {
        ThrowIfCut();
        IsCut = --_operationsLeft <= 0;
        ThrowIfCut();
    }

    private sealed class Handle(MemoryDisk disk, MemoryFile file) : IBlockFile
    {
        public long Length => file.Length;

        public int Read(long offset, Span<byte> buffer)
        {
            disk.ThrowIfCut();
            return file.Read(offset, buffer);
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            disk.Count();
            file.Write(offset, bytes);
        }

        public void SetLength(long length)
        {
            disk.Count();
            file.SetLength(length);
        }

        public void Flush()
        {
            disk.Count();
            file.Flush();
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>A file, and how to undo what was not flushed.</summary>
internal sealed class MemoryFile
{
    private readonly Stack<(long Offset, byte[] Before, long Length)> _undo = new();
    private byte[] _bytes = [];

    public long Length { get; private set; }

    public MemoryFile Copy() => new() { _bytes = _bytes[..(int)Length], Length = Length };

    public int Read(long offset, Span<byte> buffer)
    {
        var count = (int)Math.Clamp(Length - offset, 0, buffer.Length);
        if (count > 0)
            _bytes.AsSpan((int)offset, count).CopyTo(buffer);
        return count;
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        var end = offset + bytes.Length;
        var kept = (int)Math.Clamp(Length - offset, 0, bytes.Length);
        _undo.Push((offset, kept == 0 ? [] : _bytes.AsSpan((int)offset, kept).ToArray(), Length));
        Grow(end);
        bytes.CopyTo(_bytes.AsSpan((int)offset));
    }

    public void SetLength(long length)
    {
        _undo.Push((length, length < Length ? _bytes[(int)length..(int)Length] : [], Length));
        if (length < Length)
            _bytes.AsSpan((int)length, (int)(Length - length)).Clear();
        Grow(length);
        Length = length;
    }

    public void Flush() => _undo.Clear();

    public void LoseUnflushed()
    {
        while (_undo.TryPop(out var undo))
        {
            if (undo.Length < Length)
                _bytes.AsSpan((int)undo.Length, (int)(Length - undo.Length)).Clear();
            Grow(undo.Length);
            if (undo.Before.Length > 0)
                undo.Before.CopyTo(_bytes, undo.Offset);
            Length = undo.Length;
        }
    }

    private void Grow(long length)
    {
        if (length > _bytes.Length)
            Array.Resize(ref _bytes, (int)Math.Max(length, _bytes.Length * 2L));
        Length = Math.Max(Length, length);
    }
}
