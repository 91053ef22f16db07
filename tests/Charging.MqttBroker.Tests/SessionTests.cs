namespace Charging.MqttBroker.Tests;

/// <summary>Connections that begin, end, and take over from one another.</summary>
public sealed class SessionTests
{
    [Fact]
    public async Task A_second_connection_takes_over_and_the_end_of_the_older_carries_the_older_number()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var device = Piles.Any();
        var will = new Will(Packets.Utf8(device.StatusTopic()), Piles.Status(online: false).Json());
        await using var older = await RawClient.OpenAsync(broker.Port);
        await older.SendAsync(Packets.Connect(device, will));
        await older.ReadAsync(4);

        await using var newer = await RawClient.ConnectAsync(broker.Port, device);

        Assert.Empty(await older.ReadToEndAsync());
        await Until.True("the listener hears of both", () => broker.Listener.Connections.Count == 2 && broker.Listener.Disconnections.Count == 1);
        var numbers = broker.Listener.Connections.Select(session => session.Number).ToList();
        Assert.True(numbers[0] < numbers[1]);
        Assert.Equal(numbers[0], Assert.Single(broker.Listener.Disconnections).Number);
        Assert.True(await newer.AnswersAsync());
        Assert.Empty(broker.Listener.Statuses);
        await newer.SendAsync(Packets.Subscribe(device.CommandsTopic()));
        await newer.ReadAsync(5);
        Assert.True(await broker.Send(device, Piles.SetTime()));
        await newer.ReadCommandAsync();
    }

    [Fact]
    public async Task Of_many_connections_of_one_pile_at_once_the_newest_stays()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var device = Piles.Any();
        var clients = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => RawClient.OpenAsync(broker.Port)));

        await Task.WhenAll(clients.Select(client => client.SendAsync(Packets.Connect(device))));

        // Each is let in or hung up on.
        await Task.WhenAll(clients.Select(client => client.ReadAsync(4)));
        Assert.Single(await Task.WhenAll(clients.Select(client => client.AnswersAsync())), answers => answers);
        await Until.True("one is left", () => broker.Listener.Connections.Count - broker.Listener.Disconnections.Count == 1);
        var open = broker.Listener.Connections.Except(broker.Listener.Disconnections);
        Assert.Equal(broker.Listener.Connections.Max(session => session.Number), Assert.Single(open).Number);
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    [Fact]
    public async Task A_connection_that_is_taken_over_while_the_store_is_slow_ends_at_once()
    {
        await using var broker = await BrokerUnderTest.StartAsync(("Charging:Mqtt:MaxMessagesInFlight", "1"));
        var device = Piles.Any();
        var done = new TaskCompletionSource();
        broker.Listener.OnEvent = _ => done.Task;
        await using var older = await RawClient.ConnectAsync(broker.Port, device);
        for (uint number = 1; number <= 4; number++)
            await older.SendAsync(Packets.Publish(device.EventsTopic(), Piles.Swipe(number).Json()));
        await Until.True("the first is being handled", () => !broker.Listener.Events.IsEmpty);

        await using var newer = await RawClient.ConnectAsync(broker.Port, device);

        await Until.True("the older has ended", () => !broker.Listener.Disconnections.IsEmpty);
        done.SetResult();
        Assert.True(await newer.AnswersAsync());
        Assert.Single(broker.Listener.Events);
    }

    [Fact]
    public async Task A_pile_whose_secret_is_replaced_while_it_connects_is_not_left_connected()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        // The secret that is checked is of the first generation.
        broker.Listener.Generation = 2;
        await using var pile = await RawClient.OpenAsync(broker.Port);
        await pile.SendAsync(Packets.Connect(Piles.Any()));

        await pile.ReadToEndAsync();
        Assert.Equal(1, broker.Count("cut:asked"));
    }

    /// <summary>While the broker still clears up after the connection before; how closely is left to chance, so it is done often.</summary>
    [Fact]
    public async Task A_pile_that_comes_back_at_once_is_let_in()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, 32), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (_, _) =>
        {
            var device = Piles.Any();
            for (var time = 0; time < 100; time++)
            {
                await using var pile = await RawClient.ConnectAsync(broker.Port, device);
                Assert.True(await pile.AnswersAsync());
            }
        });
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 0)]
    public async Task The_will_comes_from_its_own_session_unless_the_pile_says_goodbye(bool goodbye, int wills)
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        var device = Piles.Any();
        await using (var pile = await RawClient.OpenAsync(broker.Port))
        {
            await pile.SendAsync(Packets.Connect(device, new Will(Packets.Utf8(device.StatusTopic()), Piles.Status(online: false).Json())));
            await pile.ReadAsync(4);
            if (goodbye)
            {
                await pile.SendAsync(Packets.Disconnect);
                await pile.ReadToEndAsync();
            }
        }

        await Until.True("the connection has ended", () => broker.Listener.Disconnections.Count == 1);
        Assert.Equal(wills, broker.Listener.Statuses.Count);
        Assert.All(broker.Listener.Statuses, will =>
        {
            Assert.False(will.Status.Online);
            Assert.Same(broker.Listener.Connections.Single(), will.Session);
        });
    }

    [Fact]
    public async Task The_server_stops_without_waiting_for_piles_to_hang_up()
    {
        var broker = await BrokerUnderTest.StartAsync();
        await using var pile = await RawClient.ConnectAsync(broker.Port, Piles.Any());

        await broker.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Empty(await pile.ReadToEndAsync());
    }
}
