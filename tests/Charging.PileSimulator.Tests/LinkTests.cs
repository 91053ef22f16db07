using Charging.Device.V1;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.PileSimulator.Tests;

public sealed class LinkTests
{
    [Fact]
    public async Task Says_at_connect_who_it_is_and_what_its_plugs_do()
    {
        await using var server = await TestServer.StartAsync();
        await using var pile = await server.ConnectedPileAsync(o => o with { VehiclesConnected = false });

        var status = server.Said<PileStatus>()[0];

        Assert.Equal((1u, pile.BootId, 1u, true), (status.ProtocolVersion, status.BootId, status.Seq, status.Online));
        Assert.Equal([1u, 2u, 3u], status.Plugs.Select(plug => plug.Plug));
        Assert.All(status.Plugs, plug => Assert.Equal(PlugState.Idle, plug.State));
    }

    [Fact]
    public async Task Leaves_its_will_when_the_link_is_cut_and_comes_back_with_a_new_connection()
    {
        await using var server = await TestServer.StartAsync();
        await using var pile = await server.ConnectedPileAsync();

        pile.CutLink();
        var will = await server.HearsAsync<PileStatus>(status => !status.Online);
        pile.RestoreLink();
        var back = await server.HearsAsync<PileStatus>(status => status.Online && status.ConnectionId != will.ConnectionId);

        Assert.Equal(server.Said<PileStatus>()[0].ConnectionId, will.ConnectionId);
        Assert.Equal((will.BootId, 2u), (back.BootId, back.Seq));
    }

    [Fact]
    public async Task Starts_nothing_until_the_clock_is_set_on_this_connection()
    {
        await using var server = await TestServer.StartAsync(new TestServer { SetsTime = false });
        await using var pile = await server.ConnectedPileAsync();

        var refused = await server.StartAsync(pile, "A1");
        await server.AskAsync(pile, Time(DateTimeOffset.UtcNow));
        var started = await server.StartAsync(pile, "A2");
        pile.CutLink();
        pile.RestoreLink();
        await pile.WaitUntilAsync("it is back", it => it.IsConnected);
        var refusedAgain = await server.StartAsync(pile, "A3", 2);

        Assert.Equal(RejectReason.ClockNotSet, refused.Reason);
        Assert.Equal(CommandOutcome.Done, started.Outcome);
        Assert.Equal(RejectReason.ClockNotSet, refusedAgain.Reason);
    }

    [Fact]
    public async Task Judges_expiry_by_the_clock_that_the_server_set()
    {
        await using var server = await TestServer.StartAsync(new TestServer { SetsTime = false });
        await using var pile = await server.ConnectedPileAsync();
        await server.AskAsync(pile, Time(DateTimeOffset.UtcNow.AddMinutes(5)));

        Assert.Equal(RejectReason.Expired, (await server.StartAsync(pile, "A1")).Reason);
        Assert.Equal(CommandOutcome.Done, (await server.AskAsync(pile, Time(DateTimeOffset.UtcNow))).Outcome);
        Assert.Equal(CommandOutcome.Done, (await server.StartAsync(pile, "A1")).Outcome);
    }

    [Fact]
    public async Task Resends_an_event_until_its_acknowledgement_with_its_age()
    {
        var time = new FakeTimeProvider();
        await using var server = await TestServer.StartAsync(new TestServer { AcksEvents = false, Time = time });
        await using var pile = await server.ConnectedPileAsync(o => o with { TimeProvider = time, Heartbeat = TimeSpan.FromHours(9) });

        var swipe = pile.Swipe(1, "34345799");
        await server.HearsAsync<PileEvent>(it => it.EventId == swipe && it.AgeMs == 0);
        time.Advance(TimeSpan.FromSeconds(10));
        await server.HearsAsync<PileEvent>(it => it.EventId == swipe && it.AgeMs == 10_000);
        time.Advance(TimeSpan.FromSeconds(20));
        await server.HearsAsync<PileEvent>(it => it.EventId == swipe && it.AgeMs == 30_000);
        await server.SendAsync(pile.Options.DeviceNo, new Command { EventAck = new EventAck { EventId = swipe } });
        await pile.WaitUntilAsync("the event is acknowledged", it => it.Unacknowledged.Count == 0);
        time.Advance(TimeSpan.FromHours(1));
        pile.SendStatus();
        await server.HearsAsync<PileStatus>(it => it.Seq == 2);

        Assert.Equal(3, server.Said<PileEvent>().Count);
    }

    [Fact]
    public async Task Sends_a_status_and_the_power_of_its_plugs_at_each_heartbeat()
    {
        var time = new FakeTimeProvider();
        await using var server = await TestServer.StartAsync(new TestServer { Time = time });
        await using var pile = await server.ConnectedPileAsync(o => o with { TimeProvider = time });
        await server.StartAsync(pile, "A1");

        time.Advance(TimeSpan.FromSeconds(60));

        await server.HearsAsync<PileStatus>(it => it.Plugs[0].ElapsedSeconds == 60);
        var telemetry = await server.HearsAsync<PileTelemetry>(_ => true);
        Assert.Equal((1u, 180u, 3u), (telemetry.Plugs.Single().Plug, telemetry.Plugs[0].PowerW, telemetry.Plugs[0].EnergyWh));
    }

    [Fact]
    public async Task A_reboot_loses_charges_but_neither_events_nor_answers()
    {
        await using var server = await TestServer.StartAsync(new TestServer { AcksEvents = false });
        await using var pile = await server.ConnectedPileAsync();
        var start = new Command { CommandId = "once", StartCharge = new StartCharge { OrderNo = "A1", Plug = 1, MaxSeconds = 60 } };
        var answer = await server.AskAsync(pile, start);
        var firstBoot = pile.BootId;

        await server.AskAsync(pile, new Command { Reboot = new Reboot() });
        var end = await server.HearsEndAsync("A1");
        await pile.WaitUntilAsync("the clock is set after the boot", it => it.BootId != firstBoot && it.IsClockSet);
        await server.SendAsync(pile.Options.DeviceNo, start);
        await server.StopAsync(pile, "nobody");

        Assert.Equal((EndReason.PowerLoss, pile.BootId, 2u), (end.ChargeEnded.Reason, end.BootId, end.EventId));
        Assert.Equal(2, server.Said<PileEvent>().Count(it => it.EventId == 1 && it.BootId == firstBoot));
        Assert.Equal([answer, answer], server.Said<CommandResult>().Where(result => result.CommandId == "once"));
        Assert.Equal((1, PlugState.Finished), (pile.StartsObeyed("A1"), pile.Plug(1).State));
        Assert.Contains(server.Said<PileStatus>(), status => status.BootId == pile.BootId && status.Seq == 1);
    }

    [Fact]
    public async Task A_board_is_the_same_one_as_long_as_its_memory_is()
    {
        await using var server = await TestServer.StartAsync();
        var memory = new PileMemory();
        await using (var before = await server.ConnectedPileAsync(memory: memory)) await server.StartAsync(before, "A1");

        await using var after = await server.ConnectedPileAsync(memory: memory);

        Assert.Equal(EndReason.PowerLoss, (await server.HearsEndAsync("A1")).ChargeEnded.Reason);
        Assert.Equal(1, after.StartsObeyed("A1"));
    }

    [Fact]
    public async Task Does_nothing_without_power()
    {
        await using var server = await TestServer.StartAsync();
        await using var pile = await server.ConnectedPileAsync();
        await server.StartAsync(pile, "A1");

        pile.CutPower();
        await server.HearsAsync<PileStatus>(status => !status.Online);
        pile.Unplug(1);
        Assert.Throws<InvalidOperationException>(() => pile.Swipe(1, "34345799"));
        pile.RestorePower();

        Assert.Equal(EndReason.PowerLoss, (await server.HearsEndAsync("A1")).ChargeEnded.Reason);
        Assert.Equal(PlugState.Idle, pile.Plug(1).State);
    }

    [Fact]
    public async Task Connects_when_the_broker_comes_up_after_it()
    {
        await using var early = await TestServer.StartAsync();
        await early.StopAsync();
        await using var pile = early.NewPile();

        pile.Start();
        await pile.WaitUntilAsync("an attempt has failed", it => it.LinkError is not null);
        await TestServer.StartAsync(early);

        await pile.WaitUntilAsync("connected", it => it.IsConnected);
        Assert.Null(pile.LinkError);
    }

    [Fact]
    public async Task Says_why_it_cannot_connect()
    {
        await using var server = await TestServer.StartAsync();
        await using var pile = server.NewPile(o => o with { Secret = "wrong" });

        pile.Start();

        await pile.WaitUntilAsync("it was refused", it => it.LinkError?.Contains("BadUserNameOrPassword", StringComparison.Ordinal) == true);
    }

    private static Command Time(DateTimeOffset now) => new()
    {
        SetTime = new SetTime { Now = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(now) },
    };
}
