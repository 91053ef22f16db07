namespace Charging.MqttBroker.Tests;

/// <summary>What a pile may subscribe to under its own prefix, and what it hears there.</summary>
public sealed class SubscriptionTests
{
    [Theory]
    [InlineData("commands", true)]
    [InlineData("#", true)]
    [InlineData("+", true)]
    [InlineData("commands/#", true)]
    [InlineData("+/#", true)]
    [InlineData("status", false)]
    [InlineData("a/+/b/#", false)]
    public async Task A_pile_hears_its_commands_under_the_filters_that_match_them(string filter, bool hears)
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var device = Piles.Any();
        await using var pile = await RawClient.ConnectAsync(broker.Port, device);

        await pile.SendAsync(Packets.Subscribe($"piles/{device}/{filter}", qos: 2));

        Assert.Equal([0x90, 3, 0, 7, 1], await pile.ReadAsync(5));
        await broker.Send(device, Piles.SetTime());
        if (hears)
        {
            await pile.ReadCommandAsync();
            return;
        }

        await pile.SendAsync(Packets.Ping);
        Assert.Equal([0xD0, 0], await pile.ReadAsync(2));
    }

    [Theory]
    [InlineData("commands#")]
    [InlineData("com+")]
    [InlineData("#/commands")]
    [InlineData("")]
    public async Task A_filter_that_is_not_one_ends_the_connection(string filter)
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var device = Piles.Any();
        await using var pile = await RawClient.ConnectAsync(broker.Port, device);

        await pile.SendAsync(Packets.Subscribe($"piles/{device}/{filter}"));

        await pile.ReadToEndAsync();
        Assert.Equal(1, broker.Count("cut:foreign_subscription"));
    }

    [Fact]
    public async Task Nothing_that_a_pile_says_comes_back_to_it_or_is_kept()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var device = Piles.Any();
        await using var pile = await RawClient.ConnectAsync(broker.Port, device);
        await pile.SendAsync(Packets.Publish(device.StatusTopic(), Piles.Status().Json(), retain: true));
        await pile.ReadAsync(4);

        await pile.SendAsync(Packets.Subscribe($"piles/{device}/#"));
        await pile.ReadAsync(5);
        await pile.SendAsync([.. Packets.Publish(device.StatusTopic(), Piles.Status().Json(), qos: 0), .. Packets.Ping]);

        Assert.Equal([0xD0, 0], await pile.ReadAsync(2));
    }
}
