namespace Charging.Server.Storage.LiteDb;

/// <summary>The engine's data file. Its first write of a checkpoint waits for the log to be on disk.</summary>
internal sealed class DataStream(IBlockFile file, LogStream log) : PageStream
{
    /// <summary>In whole pages: the engine would cut off the part of one that a power cut left, and the log has it whole.</summary>
    public override long Length => file.Length / LogFile.PageSize * LogFile.PageSize;

    /// <summary>
    /// Whether the engine checkpoints. At no other time does it write here: when it fails it would mark the file as
    /// invalid, past the log, and a damaged file would no longer be as it was found.
    /// </summary>
    public bool IsWritable { get; set; }

    /// <summary>The copy that is being made of the file; what is written over is kept for it.</summary>
    public FileCopy? Copy { get; set; }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = file.Read(Position, buffer.AsSpan(offset, count));
        Position += read;
        return read;
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        RefuseUnlessWritable();
        log.Seal();
        Copy?.BeforeWrite(Position, count);
        file.Write(Position, buffer.AsSpan(offset, count));
        Position += count;
    }

    public override void SetLength(long value)
    {
        RefuseUnlessWritable();
        Copy?.BeforeWrite(value, file.Length - value);
        file.SetLength(value);
    }

    public override void Flush() => file.Flush();

    private void RefuseUnlessWritable()
    {
        if (!IsWritable)
            throw new InvalidOperationException("The engine writes its data file outside of a checkpoint.");
    }
}
