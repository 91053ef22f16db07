using Charging.Device.V1;

namespace Charging.MqttBroker.Tests;

/// <summary>Piles that send too much, and listeners that are slow or broken.</summary>
public sealed class LoadTests
{
    [Fact]
    public async Task A_pile_that_floods_is_slowed_then_closed_and_another_does_not_notice()
    {
        await using var broker = await BrokerUnderTest.StartAsync(
            ("Charging:Mqtt:PacketsPerSecond", "20"), ("Charging:Mqtt:PacketBurst", "20"), ("Charging:Mqtt:FloodPatienceSeconds", "1"));
        var device = Piles.Any();
        await using var flooding = await RawClient.ConnectAsync(broker.Port, device);
        await using var honest = await RawClient.ConnectAsync(broker.Port, Piles.Any());

        var flood = Task.Run(async () =>
        {
            try
            {
                while (true)
                    await flooding.SendAsync(Packets.Publish(device.StatusTopic(), Piles.Status().Json(), qos: 0));
            }
            catch (IOException)
            {
                // Closed, as it must be.
            }
        });

        await Until.True("the flood is slowed", () => broker.Count("slowed") > 0);
        Assert.True(await honest.AnswersAsync());
        await flood.WaitAsync(Until.Patience);
        Assert.Equal(1, broker.Count("cut:flooding"));
        Assert.Equal([device], broker.Listener.Floods);
        Assert.InRange(broker.Listener.Statuses.Count, 20, 100);
        Assert.True(await honest.AnswersAsync());
    }

    [Fact]
    public async Task A_burst_after_a_reconnect_is_no_flood()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var device = Piles.Any();
        await using var pile = await RawClient.ConnectAsync(broker.Port, device);

        for (uint i = 1; i <= 150; i++)
            await pile.SendAsync(Packets.Publish(device.EventsTopic(), Piles.Swipe(i).Json(), packetId: (ushort)i));

        Assert.Equal(600, (await pile.ReadAsync(600)).Length);
        Assert.Equal(0, broker.Count("slowed"));
    }

    [Fact]
    public async Task A_slow_listener_holds_up_one_pile_after_its_share_and_no_other()
    {
        await using var broker = await BrokerUnderTest.StartAsync(("Charging:Mqtt:MaxMessagesInFlight", "4"));
        var gate = new TaskCompletionSource();
        broker.Listener.OnEvent = swipe => swipe.EventId < 100 ? gate.Task : Task.CompletedTask;
        var (slow, quick) = (Piles.Any(), Piles.Any());
        await using var slowPile = await RawClient.ConnectAsync(broker.Port, slow);
        await using var quickPile = await RawClient.ConnectAsync(broker.Port, quick);

        for (uint i = 1; i <= 10; i++)
            await slowPile.SendAsync(Packets.Publish(slow.EventsTopic(), Piles.Swipe(i).Json(), packetId: (ushort)i));
        Assert.Equal(16, (await slowPile.ReadAsync(16)).Length);
        await quickPile.SendAsync(Packets.Publish(quick.EventsTopic(), Piles.Swipe(100).Json()));
        Assert.True(await quickPile.AnswersAsync());
        Assert.Equal(5, broker.Listener.Events.Count);

        gate.SetResult();
        Assert.Equal(24, (await slowPile.ReadAsync(24)).Length);
        Assert.Equal(11, broker.Listener.Events.Count);
    }

    [Fact]
    public async Task A_fault_of_the_listener_is_logged_once_and_costs_the_pile_nothing()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        broker.ExpectedErrors = 3;
        broker.Listener.OnStatus = (_, _) => throw new InvalidOperationException("no board");
        broker.Listener.OnEvent = swipe => swipe.EventId == 1 ? throw new InvalidOperationException("no store") : Task.FromException(new InvalidOperationException("no store later"));
        var device = Piles.Any();
        await using var pile = await RawClient.ConnectAsync(broker.Port, device);

        await pile.SendAsync(Packets.Publish(device.StatusTopic(), Piles.Status().Json()));
        await pile.SendAsync(Packets.Publish(device.EventsTopic(), Piles.Swipe(1).Json(), packetId: 2));
        await pile.SendAsync(Packets.Publish(device.EventsTopic(), Piles.Swipe(2).Json(), packetId: 3));

        Assert.Equal(12, (await pile.ReadAsync(12)).Length);
        Assert.True(await pile.AnswersAsync());
    }
}
