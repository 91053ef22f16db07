using Charging.Device.V1;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.PileSimulator.Tests;

public sealed class ChargeTests
{
    [Theory]
    [InlineData(PileEncoding.Json)]
    [InlineData(PileEncoding.Binary)]
    public async Task Charges_from_the_start_command_to_the_stop_command(PileEncoding encoding)
    {
        await using var server = await TestServer.StartAsync();
        await using var pile = await server.ConnectedPileAsync(o => o with { Encoding = encoding });

        var started = await server.StartAsync(pile, "A1");
        await server.HearsStatusAsync(1, PlugState.Charging);
        var stopped = await server.StopAsync(pile, "A1");
        var end = await server.HearsEndAsync("A1");
        await server.HearsStatusAsync(1, PlugState.Finished);
        pile.Unplug(1);
        await server.HearsStatusAsync(1, PlugState.Idle);

        Assert.Equal((CommandOutcome.Done, PlugState.Charging), (started.Outcome, started.Plug.State));
        Assert.Equal((CommandOutcome.Done, PlugState.Finished), (stopped.Outcome, stopped.Plug.State));
        Assert.Equal(EndReason.RemoteStop, end.ChargeEnded.Reason);
        Assert.All(server.WereJson, json => Assert.Equal(encoding == PileEncoding.Json, json));
        Assert.Equal(
            ["CommandResult", "PileEvent", "PileStatus"],
            server.Said().SkipWhile(said => said != (object)started).Take(3).Select(said => said.Descriptor.Name));
    }

    [Theory]
    [InlineData(3600, 0, 0, 3600, 180, EndReason.LimitReached)]
    [InlineData(3600, 90, 0, 1800, 90, EndReason.LimitReached)]
    [InlineData(3600, 0, 100, 5, 0, EndReason.Overload)]
    public async Task Ends_alone_at_the_first_limit(uint maxSeconds, uint maxWh, uint maxW, uint seconds, uint wh, EndReason reason)
    {
        var clock = new FakeTimeProvider();
        await using var server = await TestServer.StartAsync();
        await using var pile = await server.ConnectedPileAsync(o => o with { TimeProvider = clock });

        await server.StartAsync(pile, "A1", 1, maxSeconds, maxWh, maxW);
        clock.Advance(TimeSpan.FromSeconds(seconds));
        var end = (await server.HearsEndAsync("A1")).ChargeEnded;

        Assert.Equal((seconds, wh, 180u, reason), (end.Seconds, end.EnergyWh, end.MaxPowerW, end.Reason));
        Assert.Equal(PlugState.Finished, pile.Plug(1).State);
    }

    [Fact]
    public async Task Ends_alone_without_a_network_and_reports_it_later()
    {
        var clock = new FakeTimeProvider();
        await using var server = await TestServer.StartAsync();
        await using var pile = await server.ConnectedPileAsync(o => o with { TimeProvider = clock });
        await server.StartAsync(pile, "A1");
        pile.CutLink();
        clock.Advance(TimeSpan.FromHours(1));

        await pile.WaitUntilAsync("the charge has ended", it => it.Plug(1).State == PlugState.Finished);
        Assert.DoesNotContain(server.Said<PileEvent>(), it => it.ChargeEnded is not null);
        pile.RestoreLink();

        Assert.Equal(3600u, (await server.HearsEndAsync("A1")).ChargeEnded.Seconds);
    }

    [Fact]
    public async Task Sped_up_it_ends_sooner_and_says_how_long_it_was()
    {
        var clock = new FakeTimeProvider();
        await using var server = await TestServer.StartAsync();
        await using var pile = await server.ConnectedPileAsync(o => o with { TimeProvider = clock, Speed = 60 });

        await server.StartAsync(pile, "A1");
        clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(60u, (await server.HearsEndAsync("A1")).ChargeEnded.Seconds);
    }

    [Fact]
    public async Task Ends_for_what_people_do()
    {
        await using var server = await TestServer.StartAsync();
        await using var pile = await server.ConnectedPileAsync();
        for (uint plug = 1; plug <= 3; plug++) await server.StartAsync(pile, $"A{plug}", plug);

        pile.Unplug(1);
        pile.BatteryFull(2);
        pile.BreakPlug(3);

        Assert.Equal(EndReason.Unplugged, (await server.HearsEndAsync("A1")).ChargeEnded.Reason);
        Assert.Equal(EndReason.Full, (await server.HearsEndAsync("A2")).ChargeEnded.Reason);
        Assert.Equal(EndReason.Fault, (await server.HearsEndAsync("A3")).ChargeEnded.Reason);
        Assert.Equal(
            [PlugState.Idle, PlugState.Finished, PlugState.Fault],
            new[] { pile.Plug(1).State, pile.Plug(2).State, pile.Plug(3).State });
    }

    [Fact]
    public async Task Makes_room_for_the_next_vehicle_when_it_is_told_to()
    {
        await using var server = await TestServer.StartAsync();
        await using var pile = await server.ConnectedPileAsync(o => o with { NextVehicleAfter = TimeSpan.FromMilliseconds(20) });
        await server.StartAsync(pile, "A1");
        await server.StartAsync(pile, "A2", 2);

        pile.BatteryFull(1);
        pile.Unplug(2);

        await pile.WaitUntilAsync("the next vehicles are there", it => it.Plug(1).State == PlugState.Connected && it.Plug(2).State == PlugState.Connected);
    }

    [Fact]
    public async Task Rejects_what_it_cannot_do()
    {
        await using var server = await TestServer.StartAsync();
        await using var pile = await server.ConnectedPileAsync();
        pile.BreakPlug(2);
        pile.Unplug(3);
        await server.StartAsync(pile, "A1");

        async Task<RejectReason> Reason(Task<CommandResult> answer) => (await answer).Reason;

        Assert.Equal(RejectReason.PlugBusy, await Reason(server.StartAsync(pile, "A2")));
        Assert.Equal(RejectReason.PlugFault, await Reason(server.StartAsync(pile, "A2", 2)));
        Assert.Equal(RejectReason.NothingConnected, await Reason(server.StartAsync(pile, "A2", 3)));
        Assert.Equal(RejectReason.NoSuchPlug, await Reason(server.StartAsync(pile, "A2", 4)));
        Assert.Equal(RejectReason.OrderMismatch, await Reason(server.StopAsync(pile, "A2")));
        Assert.Equal(RejectReason.OrderMismatch, await Reason(server.StopAsync(pile, "A2", 3)));
        Assert.Equal(RejectReason.Unsupported, await Reason(server.AskAsync(pile, new Command())));
        Assert.Equal(0, pile.StartsObeyed("A2"));
    }

    [Fact]
    public async Task Obeys_a_command_once_however_often_it_comes()
    {
        await using var server = await TestServer.StartAsync();
        await using var pile = await server.ConnectedPileAsync();
        var start = new Command { CommandId = "once", StartCharge = new StartCharge { OrderNo = "A1", Plug = 1, MaxSeconds = 60 } };

        var first = await server.AskAsync(pile, start);
        pile.BatteryFull(1);
        await server.SendAsync(pile.Options.DeviceNo, start);
        await server.StopAsync(pile, "nobody"); // answered after the repeated one

        Assert.Equal([first, first], server.Said<CommandResult>().Where(result => result.CommandId == "once"));
        Assert.Equal(1, pile.StartsObeyed("A1"));
        Assert.Equal(PlugState.Finished, pile.Plug(1).State);
    }
}
