using Charging.Server.Calls;
using Charging.Server.Orders;
using Charging.Server.Piles;

namespace Charging.Reliability.Model;

/// <summary>A charge of a rider: reserved, paid at the provider or from the balance or both, and stopped.</summary>
internal sealed partial class ModelRider
{
    private static readonly TimeSpan TryPause = TimeSpan.FromSeconds(2);

    /// <summary>Every code that the rider was answered when asking for the end of a charge, by order; of those that were asked for, also without an answer.</summary>
    public Dictionary<string, List<int>> Stops { get; } = [];

    // What wx.login gives the same rider leads to the same payer.
    private string LoginCode => $"login{number}";

    private async Task ChargeAsync(RiderStep step)
    {
        var plug = world.Piles[step.Plug % world.Piles.Count].PlugAt(step.Plug);
        if (Caller is not { } caller)
            return;
        // Who was refused by the pile tries again.
        for (var tries = 0; tries < MostTries && await ChargeAsync(step, plug, caller) is { } told && HasFailed(told); tries++)
            await world.DelayAsync(500);
        if (step.Leaves && await AskAsync("leave", (services, _) => RiderCalls.LeaveAsync(services, caller, plug)) is { Code: not (200 or 5000) } answer)
            world.Fault($"{Name} left {plug} and was answered {answer.Code}.");
    }

    private static bool HasFailed(Told told) => told.Codes.Contains(4000) || told.FromBalance.Any(call => call.Code == 4000);

    private async Task<Told?> ChargeAsync(RiderStep step, PlugId plug, Caller caller)
    {
        if (await ReserveAsync(step.Fen, plug, caller) is not { } told)
            return null;
        var stop = StopLaterAsync(step, told.No, caller);
        await PayLaterAsync(step, told, told.Fen, caller);
        await world.DelayAsync(step.CallsAfterMs);
        await AllAsync(step.Calls, call => step.Way == PayWay.Balance || (step.Way == PayWay.Both && call % 2 == 0)
            ? PayFromBalanceAsync(told, told.Fen + step.SaysMore, step.GivesUpAfterMs, caller)
            : CallForAsync(told, told.Fen + step.SaysMore, step.GivesUpAfterMs, caller));
        await stop;
        return told;
    }

    /// <summary>Has a payment made at the provider, by the server or without it, and pays it when the time has come.</summary>
    private async Task PayLaterAsync(RiderStep step, Told told, long fen, Caller caller)
    {
        var isPhone = step.Way != PayWay.Balance || step.Kind == StepKind.TopUp;
        if (step.Prepays)
            await AllAsync(Math.Max(1, step.Calls), call => PrepayAsync(told, told.Fen + (call == 0 ? 0 : step.SaysMore), step.GivesUpAfterMs, caller));
        else if (isPhone)
            world.Provider.Make(told.No, fen);
        // Without the server's word the phone has nothing that it could confirm.
        if (isPhone && step.PaysAfterMs is { } pays && (!step.Prepays || told.Prepaid.Count > 0))
            world.Scheduler.After(world.Outside, TimeSpan.FromMilliseconds(pays), () => world.Provider.Pay(told.No));
    }

    private async Task PrepayAsync(Told told, long said, int? givesUp, Caller caller)
    {
        if (said <= 0)
            return;
        var answer = await AskAsync($"prepay {told.No} with {said}", (services, cancelled) => RiderCalls.PrepayAsync(services, caller, told.No, said, LoginCode, cancelled), givesUp);
        if (answer is { Code: 200 })
            told.Prepaid.Add(said);
        if (answer is { Code: not (200 or 402 or 403 or 5000) } outside)
            world.Fault($"{Name} was answered {outside.Code} to the prepay of {told.No}.");
    }

    private async Task CallForAsync(Told told, long said, int? givesUp, Caller caller)
    {
        if (said <= 0)
            return;
        var answer = await AskAsync($"charge {told.No}", (services, cancelled) => RiderCalls.ChargeAsync(services, caller, told.Plug, told.No, said, cancelled), givesUp);
        if (answer is { } given && said == told.Fen)
            told.Codes.Add(given.Code);
        if (answer is { Code: not (200 or 402 or 403 or 3004 or 4000 or 5000) } outside)
            world.Fault($"{Name} was answered {outside.Code} to the payment of {told.No}.");
    }

    private async Task PayFromBalanceAsync(Told told, long said, int? givesUp, Caller caller)
    {
        if (said <= 0)
            return;
        var answer = await AskAsync($"pay {said} from the balance for {told.No}", (services, cancelled) => RiderCalls.PayWithBalanceAsync(services, caller, told.Plug, told.No, said, cancelled), givesUp);
        told.FromBalance.Add((said, answer?.Code ?? 0));
        if (answer is { Code: not (200 or 403 or 3004 or 3007 or 4000 or 5000) } outside)
            world.Fault($"{Name} was answered {outside.Code} to the payment of {told.No} from the balance.");
    }

    private async Task StopNewestAsync(RiderStep step)
    {
        if (Caller is { } caller && await LookAsync() is [var newest, ..])
            await StopAsync(step, newest, caller);
    }

    private async Task StopLaterAsync(RiderStep step, string no, Caller caller)
    {
        if (step.StopsAfterMs is not { } stops)
            return;
        await world.DelayAsync(stops);
        await StopAsync(step, no, caller);
    }

    /// <summary>Stops a charge, once or several times at once, and tries again until it is over.</summary>
    private async Task StopAsync(RiderStep step, string no, Caller caller)
    {
        if (!Stops.TryGetValue(no, out var codes))
            Stops[no] = codes = [];
        for (var tries = 0; tries < MostTries && !codes.Contains(200); tries++)
        {
            await AllAsync(Math.Max(1, step.Calls), async _ =>
            {
                if (await AskAsync($"stop {no}", (services, cancelled) => RiderCalls.StopAsync(services, caller, no, cancelled), step.GivesUpAfterMs) is not { } answer)
                    return;
                codes.Add(answer.Code);
                Compare(no, answer.Code);
            });
            await Task.Delay(TryPause, world.Clock);
        }
    }

    /// <summary>What a stop is answered is so at that moment: the charge is over, or will be stopped for as long as it lasts.</summary>
    private void Compare(string no, int code)
    {
        if (code is not (200 or 403 or 3004 or 4005 or 5000))
            world.Fault($"{Name} was answered {code} to the stop of {no}.");
        if (world.Watch.Find(no) is not { } order)
            return;
        var pile = world.Piles.Single(pile => pile.Device == order.Plug.Device);
        var charges = pile.IsCharging(no) && !pile.LiedAbout.Contains(order.Plug.Number);
        if (code == 200 && (charges || order.State is not (OrderState.Ended or OrderState.Settled)))
            world.Fault($"{Name} was told that the charge of {no} is over, which is {order.State}{(charges ? ", and its relay is closed" : "")}.");
        if (code is 3004 or 4005 && charges && order.State == OrderState.Charging && !world.Watch.IsStopDue(order))
            world.Fault($"{Name} was answered {code} to the stop of {no}, which charges and will not be stopped.");
    }
}
