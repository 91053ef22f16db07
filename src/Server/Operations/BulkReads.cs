using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>
/// Reads of very much, such as a backup or all riders, are in the audit log before they are answered: one entry for each key,
/// method and minute, so that a list of many pages is one.
/// </summary>
internal sealed class BulkReads(Changes changes, TimeProvider clock)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<(string KeyId, string Method), long> _writtenAt = [];

    /// <summary>Writes the entry of a call, if it is such a read.</summary>
    public async Task WriteAsync(ServerCallContext context)
    {
        if (Access.BulkRead(context.Method) is not { } subject)
            return;
        var read = (context.Operator().KeyId, context.Method);
        lock (_lock)
        {
            if (_writtenAt.TryGetValue(read, out var at) && clock.GetElapsedTime(at) < Interval)
                return;
        }
        // It changes nothing, so a key that may make no more changes still reads.
        await changes.MakeAsync(context, new Deed(subject, "", Count: 0), _ => ValueTask.FromResult(new Made<bool>(true, "Read.")));
        lock (_lock)
            _writtenAt[read] = clock.GetTimestamp();
    }
}
