using System.Buffers;
using System.IO.Pipelines;
using Grpc.Core;

namespace Charging.Server.Calls;

/// <summary>
/// The body of an answer on its way out. A success goes straight to the connection's writer; what the framework writes
/// about an error, and the message of a refusal, are dropped, for the envelope replaces them. Nothing is sent before the
/// end, so that the envelope can still decide, and so that an answer leaves in one packet with its length.
/// </summary>
internal sealed class EnvelopeBody(HttpResponse response) : Stream
{
    // Taken before the response's body becomes this stream, so it is the connection's own.
    private readonly PipeWriter _writer = response.BodyWriter;

    /// <summary>What a call was refused with, if it was.</summary>
    public (int Code, string Message)? Refusal { get; private set; }

    /// <summary>How many bytes of a success were written.</summary>
    public long Written { get; private set; }

    /// <summary>Whether the answer is a success of ours.</summary>
    public bool Passes => Refusal is null && response.StatusCode == StatusCodes.Status200OK;

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The body of a JSON call; null for a gRPC call, whose messages carry the codes themselves.</summary>
    public static EnvelopeBody? Of(ServerCallContext context) => context.GetHttpContext().Response.Body as EnvelopeBody;

    /// <summary>Makes the answer a refusal: a code, its message and no data.</summary>
    public void Refuse(int code, string message) => Refusal = (code, message);

    /// <summary>Writes the envelope's own refusal.</summary>
    public void WriteAnyway(ReadOnlySpan<byte> buffer) => _writer.Write(buffer);

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Write(buffer.AsSpan(offset, count));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (!Passes)
            return;
        _writer.Write(buffer);
        Written += buffer.Length;
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
}
