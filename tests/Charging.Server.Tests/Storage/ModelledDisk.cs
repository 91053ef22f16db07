using Charging.Server.Storage.LiteDb;

namespace Charging.Server.Tests.Storage;

/// <summary>
/// A disk that loses power. What was written and not flushed survives sector by sector, in any combination and, for a sector
/// written twice, in any version. A flush takes its time, in which a store that answers too early is found out.
/// </summary>
internal sealed class ModelledDisk(Random random, TimeSpan flushTime) : IDisk, IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ModelledFile> _files = [];
    private readonly ManualResetEventSlim _cut = new();
    private int _operationsLeft = int.MaxValue;
    private int _flushesLeft = int.MaxValue;

    /// <summary>Bytes that fit on the disk.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>How long a flush takes.</summary>
    public TimeSpan FlushTime { get; } = flushTime;

    /// <summary>Whether the power is gone.</summary>
    public bool IsCut => _cut.IsSet;

    /// <summary>Cuts the power in the middle of one of the next operations (write, flush, change of length).</summary>
    public void CutAfter(int operations) => _operationsLeft = operations;

    /// <summary>Makes one of the next flushes fail, its sectors in any state.</summary>
    public void FailFlushAfter(int flushes) => _flushesLeft = flushes;

    /// <summary>Gives power again: what was not flushed has survived or not.</summary>
    public void Reboot()
    {
        foreach (var file in _files.Values)
            file.LosePower(random);
        _operationsLeft = int.MaxValue;
        _cut.Reset();
    }

    /// <summary>A file's bytes, to look at or to damage.</summary>
    public byte[] Read(string name) => _files[name].Current.ToArray();

    public void Overwrite(string name, byte[] bytes) => _files[name].Overwrite(bytes);

    public IBlockFile Open(string name)
    {
        ThrowIfCut();
        if (!_files.TryGetValue(name, out var file))
            _files[name] = file = new ModelledFile();
        return new Handle(this, file);
    }

    public void Dispose() => _cut.Dispose();

    private void ThrowIfCut()
    {
        if (_cut.IsSet)
            throw new IOException("The power is gone.");
    }

    /// <summary>Counts an operation; the one at which the power goes is done in part, by its caller, and throws.</summary>
    private void Count()
    {
        ThrowIfCut();
        if (--_operationsLeft == 0)
            _cut.Set();
    }

    private void CheckSpace(ModelledFile file, long length)
    {
        if (_files.Values.Sum(f => f.Current.Length) - file.Current.Length + Math.Max(length, file.Current.Length) > Capacity)
            throw new IOException("No space left on device.");
    }

    private sealed class Handle(ModelledDisk disk, ModelledFile file) : IBlockFile
    {
        private bool _closed;

        public long Length
        {
            get
            {
                Check();
                return file.Current.Length;
            }
        }

        public int Read(long offset, Span<byte> buffer)
        {
            Check();
            lock (disk._lock)
            {
                file.Current.Position = offset;
                return file.Current.Read(buffer);
            }
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            Check();
            lock (disk._lock)
            {
                disk.Count();
                disk.CheckSpace(file, offset + bytes.Length);
                file.Write(offset, bytes);
            }
            disk.ThrowIfCut();
        }

        public void SetLength(long length)
        {
            Check();
            lock (disk._lock)
            {
                disk.Count();
                disk.CheckSpace(file, length);
                file.SetLength(length);
            }
            disk.ThrowIfCut();
        }

        public void Flush()
        {
            Check();
            var goes = false;
            lock (disk._lock)
            {
                disk.ThrowIfCut();
                goes = --disk._operationsLeft == 0;
            }
            if (disk._cut.Wait(disk.FlushTime))
                disk.ThrowIfCut();
            lock (disk._lock)
            {
                if (goes)
                    disk._cut.Set();
                disk.ThrowIfCut();
                if (--disk._flushesLeft == 0)
                    throw new IOException("Input/output error.");
                file.Flush();
            }
        }

        public void Dispose() => _closed = true;

        private void Check()
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            disk.ThrowIfCut();
        }
    }
}
