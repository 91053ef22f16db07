using System.Globalization;
using System.Net.Sockets;

namespace Charging.MqttBroker.Tests;

/// <summary>
/// After a power cut or a restart of the server every pile is back at once (device-protocol.md, Connection).
/// <c>CHARGING_RECONNECTS</c> sets how many (10,000 in the field).
/// </summary>
public sealed class ReconnectTests
{
    private static readonly int Count = int.Parse(Environment.GetEnvironmentVariable("CHARGING_RECONNECTS") ?? "2000", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Every_pile_gets_in_when_all_come_at_once()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var devices = Enumerable.Range(0, Count).Select(_ => Piles.Any()).ToList();

        var piles = await Task.WhenAll(devices.Select(device => Task.Run(() => ConnectAsync(broker, device))));

        await Until.True("the listener knows all", () => broker.Listener.Connections.Count - broker.Listener.Disconnections.Count == Count);
        Assert.True(await piles[0].AnswersAsync());
        await Parallel.ForEachAsync(piles, async (pile, _) => await pile.DisposeAsync());
        await Until.True("the listener knows that all are gone", () => broker.Listener.Disconnections.Count == broker.Listener.Connections.Count);
    }

    // As a pile does: when the broker hangs up, it tries again.
    private static async Task<RawClient> ConnectAsync(BrokerUnderTest broker, DeviceNo device)
    {
        while (true)
        {
            RawClient client;
            try
            {
                client = await RawClient.OpenAsync(broker.Port);
            }
            catch (SocketException reset) when (reset.SocketErrorCode == SocketError.ConnectionReset)
            {
                // Cut before it knew that it was connected: it was the oldest of those that had not spoken.
                continue;
            }
            try
            {
                await client.SendAsync(Packets.Connect(device));
                if ((await client.ReadAsync(4)).Length == 4)
                    return client;
            }
            catch (IOException)
            {
                // Cut while it spoke.
            }

            await client.DisposeAsync();
        }
    }
}
