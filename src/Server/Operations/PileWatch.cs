using System.Security.Cryptography;
using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.Server.Piles;
using Google.Protobuf;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>The stream of piles. A pile is told of when something else is to be seen of it than the reader was told before.</summary>
internal sealed class PileWatch(PileRegistry registry, PileViews views, Feeds feeds, Watching watching)
{
    private const int MostInPart = 200;

    /// <summary>Runs a stream to its end.</summary>
    public Task RunAsync(WatchPilesRequest request, IServerStreamWriter<WatchPilesResponse> reader, ServerCallContext context)
    {
        // A digest of each pile, for the piles themselves would be much memory for each reader.
        var told = new Dictionary<string, UInt128>();
        return watching.RunAsync(
            context,
            feeds.Piles,
            _ => registry.All.Where(pile => pile.RetiredAt is null).Select(pile => pile.Device.ToString()).ToAsyncEnumerable(),
            async (part, cancel) =>
            {
                if (part.Reset)
                    told.Clear();
                // That a pile has gone silent nobody tells; whoever has nothing else to say looks for it.
                var devices = part is { Items.Count: 0, Reset: false, CaughtUp: false } ? told.Keys.ToList() : part.Items;
                var piles = devices.Select(device => registry.Find(DeviceNo.Parse(device))).OfType<Piles.Pile>()
                    .Where(pile => request.StationId.Length == 0 || pile.Station == request.StationId || told.ContainsKey(pile.Device.ToString()))
                    .Select(views.Whole)
                    .Where(pile => IsNews(told, pile))
                    .ToList();
                if (piles.Count == 0 && part.Items.Count > 0 && part is { Reset: false, CaughtUp: false })
                    return;
                foreach (var some in piles.Count == 0 ? [[]] : piles.Chunk(MostInPart))
                    await reader.WriteAsync(new WatchPilesResponse { Reset = part.Reset, CaughtUp = part.CaughtUp, Piles = { some } }, cancel);
            });
    }

    private static bool IsNews(Dictionary<string, UInt128> told, Ops.V1.Pile pile)
    {
        var heardAt = pile.HeardAt;
        pile.HeardAt = null;
        var digest = System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(pile.ToByteArray()));
        pile.HeardAt = heardAt;
        if (told.TryGetValue(pile.DeviceNo, out var before) && before == digest)
            return false;
        told[pile.DeviceNo] = digest;
        return true;
    }
}
