using Charging.Device.V1;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.PileSimulator.Tests;

public sealed class FaultTests
{
    private static readonly StartCharge Start = new() { OrderNo = "A1", Plug = 1, MaxSeconds = 3600 };

    [Fact]
    public async Task Silent_obeys_and_answers_nothing_until_it_is_over()
    {
        await using var server = await TestServer.StartAsync();
        await using var pile = await server.ConnectedPileAsync();
        pile.Faults = new PileFaults { Silent = true };
        var start = new Command { CommandId = "once", StartCharge = Start };

        await server.SendAsync(pile.Options.DeviceNo, start);
        await pile.WaitForCommandAsync(it => it.CommandId == "once");
        Assert.Equal(0, pile.StartsObeyed("A1"));
        pile.Faults = new PileFaults();

        Assert.Equal(CommandOutcome.Done, (await server.AskAsync(pile, start)).Outcome);
    }

    [Fact]
    public async Task Loses_results_but_obeys()
    {
        await using var server = await TestServer.StartAsync();
        await using var pile = await server.ConnectedPileAsync();
        pile.Faults = new PileFaults { LoseResults = true };

        await server.SendAsync(pile.Options.DeviceNo, new Command { CommandId = "lost", StartCharge = Start });
        await server.HearsStatusAsync(1, PlugState.Charging);

        Assert.DoesNotContain(server.Said<CommandResult>(), result => result.CommandId == "lost");
    }

    [Fact]
    public async Task Rejects_starts_for_the_reason_it_is_told()
    {
        await using var server = await TestServer.StartAsync();
        await using var pile = await server.ConnectedPileAsync();
        pile.Faults = new PileFaults { RejectStarts = RejectReason.Overload };

        var result = await server.StartAsync(pile, "A1");

        Assert.Equal((CommandOutcome.Rejected, RejectReason.Overload), (result.Outcome, result.Reason));
    }

    [Fact]
    public async Task Answers_late()
    {
        var time = new FakeTimeProvider();
        await using var server = await TestServer.StartAsync(new TestServer { Time = time });
        await using var pile = await server.ConnectedPileAsync(o => o with { TimeProvider = time });
        pile.Faults = new PileFaults { AnswerDelay = TimeSpan.FromSeconds(12) };

        var answer = server.StartAsync(pile, "A1");
        await server.HearsStatusAsync(1, PlugState.Charging);
        Assert.False(answer.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(12));

        Assert.Equal(CommandOutcome.Done, (await answer).Outcome);
        Assert.Equal(1, pile.Totals.SlowAnswers);
    }

    [Fact]
    public async Task Starts_late_even_when_the_command_has_expired_by_then()
    {
        var time = new FakeTimeProvider();
        await using var server = await TestServer.StartAsync(new TestServer { Time = time });
        await using var pile = await server.ConnectedPileAsync(o => o with { TimeProvider = time });
        pile.Faults = new PileFaults { StartDelay = TimeSpan.FromSeconds(45) };

        await server.SendAsync(pile.Options.DeviceNo, new Command { CommandId = "late", StartCharge = Start });
        var stop = await server.StopAsync(pile, "A1");
        time.Advance(TimeSpan.FromSeconds(45));
        await server.HearsStatusAsync(1, PlugState.Charging);

        Assert.Equal(RejectReason.OrderMismatch, stop.Reason);
    }

    [Fact]
    public async Task Sends_events_twice_and_before_the_result()
    {
        await using var server = await TestServer.StartAsync();
        await using var pile = await server.ConnectedPileAsync();
        pile.Faults = new PileFaults { DuplicateEvents = true, EventsBeforeResult = true };

        await server.StartAsync(pile, "A1");

        Assert.Equal(
            ["PileEvent", "PileEvent", "CommandResult"],
            server.Said().SkipWhile(said => said is not PileEvent).Take(3).Select(said => said.Descriptor.Name));
    }

    [Fact]
    public async Task Ignores_acknowledgements()
    {
        await using var server = await TestServer.StartAsync();
        await using var pile = await server.ConnectedPileAsync(o => o with { FirstResend = TimeSpan.FromMilliseconds(10) });
        pile.Faults = new PileFaults { DropEventAcks = true };

        pile.RaiseAlarm(AlarmCode.Smoke, 1);
        await pile.WaitUntilAsync("acknowledged three times", it => it.Received.Count(command => command.EventAck is not null) >= 3);

        Assert.Single(pile.Unacknowledged);
    }

    [Fact]
    public async Task Forgets_orders_and_skips_numbers_and_tells_a_wrong_time()
    {
        await using var server = await TestServer.StartAsync();
        await using var pile = await server.ConnectedPileAsync();
        await server.StartAsync(pile, "A1");
        await server.HearsStatusAsync(1, PlugState.Charging);
        pile.Faults = new PileFaults { ForgetOrders = true, SkipSeq = true, ClockError = TimeSpan.FromDays(-400) };

        pile.SendStatus();
        var status = await server.HearsAsync<PileStatus>(it => it.Seq == 4);
        pile.BatteryFull(1);
        await server.HearsAsync<PileStatus>(it => it.Seq == 6);

        Assert.Equal((PlugState.Connected, ""), (status.Plugs[0].State, status.Plugs[0].OrderNo));
        Assert.InRange(status.Clock.ToDateTimeOffset(), DateTimeOffset.UtcNow.AddDays(-401), DateTimeOffset.UtcNow.AddDays(-399));
        Assert.DoesNotContain(server.Said<PileEvent>(), it => it.ChargeEnded is not null);
    }

    [Fact]
    public async Task A_swipe_waits_for_its_decision()
    {
        await using var server = await TestServer.StartAsync();
        await using var pile = await server.ConnectedPileAsync();

        var decision = pile.SwipeAsync(2, "34345799");
        var swipe = await server.HearsAsync<PileEvent>(it => it.CardSwiped is { Plug: 2, CardNo: "34345799" });
        await server.SendAsync(pile.Options.DeviceNo, new Command
        {
            CardDecision = new CardDecision { EventId = swipe.EventId, Reason = CardReason.InsufficientBalance, BalanceFen = 40 },
        });

        Assert.Equal((false, CardReason.InsufficientBalance, 40), ((await decision).Accepted, (await decision).Reason, (await decision).BalanceFen));
        Assert.Equal(1, pile.Totals.SwipesRefused);
    }
}
