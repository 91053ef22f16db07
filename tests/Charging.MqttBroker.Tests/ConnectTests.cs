using Microsoft.Extensions.Time.Testing;

namespace Charging.MqttBroker.Tests;

/// <summary>Who gets in, and how the others are told.</summary>
public sealed class ConnectTests
{
    private const string Device = "014441AC53";

    /// <summary>What is sent, and what the broker answers before it hangs up; nothing where it cuts at once.</summary>
    public static TheoryData<string, byte[], byte[]> Refusals() => new()
    {
        { "MQTT 5", Packets.Connect(Packets.Utf8(Device), Device, TestListener.Secret, level: 5), Packets.Refused(1) },
        { "MQTT 3.1", Packets.Connect(Packets.Utf8(Device), Device, TestListener.Secret, level: 3, protocol: "MQIsdp"), Packets.Refused(1) },
        { "a bridge", Packets.Connect(Packets.Utf8(Device), Device, TestListener.Secret, level: 0x84), Packets.Refused(1) },
        { "another protocol", Packets.Connect(Packets.Utf8(Device), Device, TestListener.Secret, protocol: "AMQP"), [] },
        { "no client id", Packets.Connect([], Device, TestListener.Secret), Packets.Refused(2) },
        { "a client id that is no device number", Packets.Connect(Packets.Utf8("pile-1"), Device, TestListener.Secret), Packets.Refused(2) },
        { "a client id that is not UTF-8", Packets.Connect([0x30, 0xFF, 0xFE], Device, TestListener.Secret), Packets.Refused(2) },
        { "another user name", Packets.Connect(Packets.Utf8(Device), "0000000000", TestListener.Secret), Packets.Refused(4) },
        { "no user name", Packets.Connect(Packets.Utf8(Device), null, null), Packets.Refused(4) },
        { "no password", Packets.Connect(Packets.Utf8(Device), Device, null), Packets.Refused(4) },
        { "a wrong password", Packets.Connect(Packets.Utf8(Device), Device, "guess"), Packets.Refused(4) },
        { "keep-alive 0", Packets.Connect(Packets.Utf8(Device), Device, TestListener.Secret, keepAlive: 0), Packets.Refused(5) },
        { "keep-alive 301", Packets.Connect(Packets.Utf8(Device), Device, TestListener.Secret, keepAlive: 301), Packets.Refused(5) },
        { "a will elsewhere", Packets.Connect(Packets.Utf8(Device), Device, TestListener.Secret, new Will(Packets.Utf8("piles/0000000000/status"), [1])), Packets.Refused(5) },
        { "a will of QoS 2", Packets.Connect(Packets.Utf8(Device), Device, TestListener.Secret, new Will(Packets.Utf8($"piles/{Device}/status"), [1], Qos: 2)), Packets.Refused(5) },
        { "a will of QoS 3", Packets.Connect(Packets.Utf8(Device), Device, TestListener.Secret, new Will(Packets.Utf8($"piles/{Device}/status"), [1], Qos: 3)), [] },
        { "a will over 4 KiB", Packets.Connect(Packets.Utf8(Device), Device, TestListener.Secret, new Will(Packets.Utf8($"piles/{Device}/status"), new byte[4096])), [] },
        { "a password without a user", Packets.Connect(Packets.Utf8(Device), null, "guess"), [] },
        { "a PUBLISH first", Packets.Publish($"piles/{Device}/status", [1]), [] },
        { "a SUBSCRIBE first", Packets.Subscribe("#"), [] },
        { "HTTP", Packets.Utf8("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), [] },
        { "a TLS hello", [0x16, 0x03, 0x01, 0x02, 0x00, 0x01], [] },
        { "a length that does not end", [0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [] },
        { "a truncated CONNECT", Packets.Packet(0x10, [0, 4, 0x4D, 0x51, 0x54, 0x54, 4, 0xC2, 0, 60, 0, 200]), [] },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Refuses(string what, byte[] sent, byte[] answer)
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        await using var client = await RawClient.OpenAsync(broker.Port);

        await client.SendAsync(sent);

        var said = await client.ReadToEndAsync();
        Assert.True(answer.AsSpan().SequenceEqual(said), $"{what} was answered with {Convert.ToHexString(said)}");
        Assert.Empty(broker.Listener.Connections);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Lets_a_pile_in_without_a_session_from_before_whatever_it_asks_for(bool cleanSession)
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        for (var i = 0; i < 2; i++)
        {
            await using var client = await RawClient.OpenAsync(broker.Port);
            await client.SendAsync(Packets.Connect(Packets.Utf8(Device), Device, TestListener.Secret, cleanSession: cleanSession));
            Assert.Equal(Packets.Accepted, await client.ReadAsync(4));
            await client.SendAsync(Packets.Disconnect);
        }
    }

    [Fact]
    public async Task A_device_number_in_lower_case_is_the_same_pile_and_its_topics_are_in_upper_case()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        await using var older = await RawClient.ConnectAsync(broker.Port, DeviceNo.Parse(Device));
        await using var newer = await RawClient.OpenAsync(broker.Port);

        await newer.SendAsync(Packets.Connect(Packets.Utf8("014441ac53"), "014441ac53", TestListener.Secret));

        Assert.Equal(Packets.Accepted, await newer.ReadAsync(4));
        await older.ReadToEndAsync();
        await newer.SendAsync(Packets.Publish($"piles/{Device}/status", Piles.Status().Json()));
        Assert.Equal(4, (await newer.ReadAsync(4)).Length);
        Assert.Equal(DeviceNo.Parse(Device), Assert.Single(broker.Listener.Statuses).Session.Device);
    }

    [Fact]
    public async Task Cuts_a_pile_that_is_silent_for_one_and_a_half_keep_alives()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        await using var client = await RawClient.OpenAsync(broker.Port);
        await client.SendAsync(Packets.Connect(Piles.Any(), keepAlive: 1));
        await client.ReadAsync(4);

        // Half a packet is silence too.
        await client.SendAsync([0xC0]);

        await client.ReadToEndAsync();
        await Until.True("the cut is counted", () => broker.Count("cut:keep_alive") == 1);
        await Until.True("the listener hears of it", () => broker.Listener.Disconnections.Count == 1);
    }

    [Fact]
    public async Task Reads_what_a_pile_has_sent_while_the_process_stood_still_before_it_calls_it_silent()
    {
        var clock = new PausingClock();
        var device = Piles.Any();
        await using var broker = await BrokerUnderTest.StartAsync(clock);
        await using var client = await RawClient.OpenAsync(broker.Port);
        await client.SendAsync(Packets.Connect(device, keepAlive: 10));
        await client.ReadAsync(4);

        await ReportAsync();
        clock.Pause(TimeSpan.FromMinutes(15));
        for (var look = 0; look < 3; look++)
            clock.Advance(TimeSpan.FromSeconds(0.5));
        await ReportAsync();

        Assert.Equal(0, broker.Count("cut:keep_alive"));
        Assert.Equal(2, broker.Listener.Statuses.Count);

        async Task ReportAsync()
        {
            await client.SendAsync(Packets.Publish(device.StatusTopic(), Piles.Status().Json()));
            Assert.Equal(4, (await client.ReadAsync(4)).Length);
        }
    }

    [Fact]
    public async Task Cuts_every_pile_that_is_silent_also_where_it_looks_at_them_in_parts()
    {
        const int Count = 600;
        await using var broker = await BrokerUnderTest.StartAsync();
        var clients = await Task.WhenAll(Enumerable.Range(0, Count).Select(async _ =>
        {
            var client = await RawClient.OpenAsync(broker.Port);
            await client.SendAsync(Packets.Connect(Piles.Any(), keepAlive: 1));
            return client;
        }));

        await Until.True("all were cut", () => broker.Count("cut:keep_alive") == Count);

        foreach (var client in clients)
            await client.DisposeAsync();
    }

    [Fact]
    public async Task A_pile_is_told_to_come_again_when_the_listener_fails()
    {
        await using var broker = await BrokerUnderTest.StartAsync();
        broker.ExpectedErrors = 1;
        broker.Listener.OnAuthenticate = () => throw new InvalidOperationException("the index is gone");
        await using var client = await RawClient.OpenAsync(broker.Port);

        await client.SendAsync(Packets.Connect(Piles.Any()));

        Assert.Equal(Packets.Refused(3), await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Refuses_to_start_with_a_setting_out_of_range_and_names_it()
    {
        var fault = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(
            () => BrokerUnderTest.StartAsync(("Charging:Mqtt:PacketsPerSecond", "0")));

        Assert.Equal("Charging:Mqtt:PacketsPerSecond is 0; set it to a number from 1 to 1000000.", fault.Message);
    }

    /// <summary>A clock that goes on while no timer fires, as when the process is stopped.</summary>
    private sealed class PausingClock : FakeTimeProvider
    {
        private long _pausedTicks;

        public override long GetTimestamp() => base.GetTimestamp() + Volatile.Read(ref _pausedTicks);

        public void Pause(TimeSpan time) => Interlocked.Add(ref _pausedTicks, time.Ticks);
    }
}
