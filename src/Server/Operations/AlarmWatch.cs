using Charging.Ops.V1;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>The stream of alarms.</summary>
internal sealed class AlarmWatch(IStore store, Feeds feeds, Watching watching)
{
    /// <summary>Runs a stream to its end.</summary>
    public Task RunAsync(IServerStreamWriter<WatchAlarmsResponse> reader, ServerCallContext context) => watching.RunAsync(
        context,
        feeds.Alarms,
        cancel => store.ScanAsync(PileTables.Alarms.ByKey, cancel).Where(alarm => alarm.Raised),
        (part, cancel) => reader.WriteAsync(
            new WatchAlarmsResponse { Reset = part.Reset, CaughtUp = part.CaughtUp, Alarms = { part.Items.Select(AlarmOpsRpc.ToWire) } }, cancel));
}
