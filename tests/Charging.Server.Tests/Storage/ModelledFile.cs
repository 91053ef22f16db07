namespace Charging.Server.Tests.Storage;

/// <summary>A file on the modelled disk: what a reader sees, what is safe, and each version of each sector in between.</summary>
internal sealed class ModelledFile
{
    private const int Sector = 512;

    private readonly Dictionary<long, List<byte[]>> _unsafe = [];
    private readonly List<long> _unsafeLengths = [];
    private byte[] _safe = [];

    public MemoryStream Current { get; } = new();

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        var length = Current.Length;
        Current.Position = offset;
        Current.Write(bytes);
        if (Current.Length != length)
            _unsafeLengths.Add(Current.Length);
        for (var sector = offset / Sector; sector * Sector < offset + bytes.Length; sector++)
        {
            if (!_unsafe.TryGetValue(sector, out var versions))
                _unsafe[sector] = versions = [];
            versions.Add(SectorOf(Current, sector));
        }
    }

    public void SetLength(long length)
    {
        Current.SetLength(length);
        _unsafeLengths.Add(length);
    }

    public void Flush()
    {
        _safe = Current.ToArray();
        _unsafe.Clear();
        _unsafeLengths.Clear();
    }

    public void Overwrite(byte[] bytes)
    {
        Current.SetLength(0);
        Current.Write(bytes);
        Flush();
    }

    /// <summary>Of the length and of each sector, one of the versions since the last flush survives, or that of the flush.</summary>
    public void LosePower(Random random)
    {
        Current.SetLength(0);
        Current.Write(_safe);
        foreach (var (sector, versions) in _unsafe)
        {
            var survivor = random.Next(versions.Count + 1);
            if (survivor == 0)
                continue;
            Current.Position = sector * Sector;
            Current.Write(versions[survivor - 1]);
        }
        var length = random.Next(_unsafeLengths.Count + 1);
        if (length > 0)
            Current.SetLength(_unsafeLengths[length - 1]);
        else
            Current.SetLength(_safe.Length);
        Flush();
    }

    private static byte[] SectorOf(MemoryStream stream, long sector)
    {
        var bytes = new byte[Math.Min(Sector, stream.Length - sector * Sector)];
        stream.Position = sector * Sector;
        stream.ReadExactly(bytes);
        return bytes;
    }
}
