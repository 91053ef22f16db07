namespace Charging.Server.Storage.LiteDb;

/// <summary>The engine's data file. Its first write of a checkpoint waits for the log to be on disk.</summary>
internal sealed class DataStream(IBlockFile file, LogStream log) : PageStream
{
    public override long Length => file.Length;

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = file.Read(Position, buffer.AsSpan(offset, count));
        Position += read;
        return read;
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        log.Seal();
        file.Write(Position, buffer.AsSpan(offset, count));
        Position += count;
    }

    public override void SetLength(long value) => file.SetLength(value);

    public override void Flush() => file.Flush();
}
