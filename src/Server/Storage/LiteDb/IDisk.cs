namespace Charging.Server.Storage.LiteDb;

/// <summary>Where the store's files lie. The tests put a disk here that loses power.</summary>
internal interface IDisk
{
    /// <summary>Opens a file for this owner alone, and makes it when there is none.</summary>
    /// <exception cref="IOException">Another process has it open, or the disk failed.</exception>
    IBlockFile Open(string name);
}

/// <summary>A file as a disk sees it. What was written is durable after <see cref="Flush"/>, and before that in any part and order.</summary>
internal interface IBlockFile : IDisposable
{
    /// <summary>Length in bytes.</summary>
    long Length { get; }

    /// <summary>Reads up to the buffer's length; fewer bytes only at the file's end.</summary>
    int Read(long offset, Span<byte> buffer);

    /// <summary>Writes, and lengthens the file when need be.</summary>
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Cuts the file or fills it with zeros.</summary>
    void SetLength(long length);

    /// <summary>Returns when everything written is on the disk (fsync).</summary>
    void Flush();
}
