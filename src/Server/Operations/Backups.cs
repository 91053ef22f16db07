using System.Reflection;
using System.Security.Cryptography;
using Charging.Ops.V1;
using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>Copies the whole store to an operator while riders charge.</summary>
public sealed partial class Backups(IStore store, TimeProvider clock, ILogger<Backups> logger)
{
    private const int Portion = 128 * 1024;

    private static readonly string Version =
        typeof(Backups).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    private int _running;
    private long _lastDoneAt = clock.GetTimestamp();

    /// <summary>How long ago the last whole backup was sent, or the server started if none was since.</summary>
    public TimeSpan Age => clock.GetElapsedTime(Volatile.Read(ref _lastDoneAt));

    /// <summary>Sends the store as it is now: what it is, its pages, and their hash.</summary>
    /// <exception cref="RpcException">Another backup runs, the store is no file, or it failed.</exception>
    public async Task SendAsync(IAsyncStreamWriter<BackupResponse> to, CancellationToken cancellationToken)
    {
        if (store is not LiteDbStore file)
            throw Refusal.Of(StatusCode.Unimplemented, "This server keeps its data in a database of its own: use that database's tools, such as pg_dump.", Reasons.NotServed);
        if (Interlocked.Exchange(ref _running, 1) == 1)
            throw Refusal.Conflict("Another backup runs: wait for its end.");
        try
        {
            using var copy = await file.CopyAsync(cancellationToken);
            await SendAsync(copy, to, cancellationToken);
        }
        catch (IOException e)
        {
            LogFailed(e.Message);
            throw Refusal.Of(StatusCode.Aborted, $"The backup broke off and is worth nothing: {e.Message} Begin it again.", Reasons.Unavailable);
        }
        finally
        {
            Volatile.Write(ref _running, 0);
        }
    }

    private async Task SendAsync(FileCopy copy, IAsyncStreamWriter<BackupResponse> to, CancellationToken cancellationToken)
    {
        var header = new BackupHeader { TakenAt = clock.GetUtcNow().ToTimestamp(), Bytes = copy.Length, ServerVersion = Version };
        await to.WriteAsync(new BackupResponse { Header = header }, cancellationToken);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[Portion];
        while (copy.Read(buffer) is > 0 and var length)
        {
            hash.AppendData(buffer, 0, length);
            await to.WriteAsync(new BackupResponse { Pages = ByteString.CopyFrom(buffer, 0, length) }, cancellationToken);
        }
        await to.WriteAsync(new BackupResponse { End = new BackupEnd { Sha256 = ByteString.CopyFrom(hash.GetHashAndReset()) } }, cancellationToken);
        Volatile.Write(ref _lastDoneAt, clock.GetTimestamp());
        LogSent(copy.Length);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "A backup of {Bytes} bytes was sent.")]
    private partial void LogSent(long bytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A backup broke off: {Reason}")]
    private partial void LogFailed(string reason);
}
