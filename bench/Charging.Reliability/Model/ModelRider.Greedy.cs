using System.Globalization;
using Charging.Server.Calls;
using Charging.Server.Piles;

namespace Charging.Reliability.Model;

/// <summary>What a rider does who wants more than is meant for one.</summary>
internal sealed partial class ModelRider
{
    private const int Times = 5;

    private static readonly TimeSpan Shanghai = TimeSpan.FromHours(8);

    private readonly HashSet<string> _foreignCards = [];
    private DateTime? _foreignSince;

    /// <summary>Pays the least that can be paid and stops early, again and again.</summary>
    private async Task NibbleAsync(RiderStep step)
    {
        for (var n = 0; n < Times; n++)
            await ChargeAsync(step with { Fen = 1 + (n % 2), PaysAfterMs = 0, CallsAfterMs = 100, Calls = 1, SaysMore = 0, Leaves = false, StopsAfterMs = 3000 + (step.CallsAfterMs % 60_000) });
    }

    /// <summary>Charges at every plug there is, one after the other or all at once.</summary>
    private async Task HoardAsync(RiderStep step)
    {
        var charges = Enumerable.Range(0, world.Piles.Count * ModelPile.PlugCount)
            .Select(plug => step with { Plug = plug, Fen = 20, PaysAfterMs = 0, CallsAfterMs = 100, Calls = 1, SaysMore = 0, Leaves = false, StopsAfterMs = null }).ToList();
        if (step.Calls > 1)
        {
            await AllAsync(charges.Count, plug => ChargeAsync(charges[plug]));
            return;
        }
        foreach (var charge in charges)
            await ChargeAsync(charge);
    }

    /// <summary>Reserves, and leaves, or lets the reservation of another plug end it.</summary>
    private async Task AbandonAsync(RiderStep step, Caller caller)
    {
        for (var n = 0; n < Times; n++)
        {
            var plug = world.Piles[step.Plug % world.Piles.Count].PlugAt(step.Leaves ? step.Plug : step.Plug + (n * world.Piles.Count));
            if (await ReserveAsync(step.Fen, plug, caller) is not null && step.Leaves)
                await AskAsync("leave", (services, _) => RiderCalls.LeaveAsync(services, caller, plug));
        }
    }

    /// <summary>Opens more top-ups than may be open, and pays the first and the last of them.</summary>
    private async Task OpenTopUpsAsync(RiderStep step, Caller caller)
    {
        var opened = new List<Told>();
        for (var n = 0; n < Times; n++)
        {
            if (await AskAsync("top-up", (services, _) => RiderCalls.NewTopUpAsync(services, caller, _phone, step.Fen)) is not { Code: 200, Data: { } no })
                continue;
            opened.Add(new Told(no, step.Fen));
            TopUps.Add(opened[^1]);
            if (n is 0 or Times - 1)
                await PayLaterAsync(step, opened[^1], step.Fen, caller);
        }
        await world.DelayAsync(step.CallsAfterMs);
        foreach (var told in opened)
            await CreditAsync(told, step.GivesUpAfterMs, caller);
    }

    /// <summary>Asks for what is over, or is about to be.</summary>
    private async Task ReplayAsync(RiderStep step, Caller caller)
    {
        foreach (var told in Orders.TakeLast(Times).ToList())
        {
            await CallForAsync(told, told.Fen, step.GivesUpAfterMs, caller);
            await PayFromBalanceAsync(told, told.Fen, step.GivesUpAfterMs, caller);
            await PrepayAsync(told, told.Fen, step.GivesUpAfterMs, caller);
            await StopAsync(step, told.No, caller);
        }
        foreach (var told in TopUps.TakeLast(Times).ToList())
            await CreditAsync(told, step.GivesUpAfterMs, caller);
    }

    private async Task GuessCardsAsync(RiderStep step, Caller caller)
    {
        for (var n = 0; n <= ModelLimits.ForeignCards; n++)
            await NameForeignAsync((0x30000000 + step.Plug + n).ToString("X8", CultureInfo.InvariantCulture), caller);
    }

    /// <summary>Names a card that is not the rider's: what the answer tells, it tells of so many on a day.</summary>
    private async Task NameForeignAsync(string card, Caller caller)
    {
        var answer = await AskAsync($"unbind {card}", (services, _) => RiderCalls.UnbindAsync(services, caller, card));
        Refused(answer);
        if (answer is not { Code: 4002 or 4004 })
            return;
        var today = world.Scheduler.Now.ToOffset(Shanghai).Date;
        _foreignSince ??= today;
        _foreignCards.Add(card);
        // The answer to what was asked before midnight may come after it.
        if (_foreignCards.Count > ModelLimits.ForeignCards * (1 + (today - _foreignSince.Value).Days))
            world.Fault($"{Name} was told of {_foreignCards.Count} cards that are not the rider's.");
    }

    private async Task CreditAsync(Told told, int? givesUp, Caller caller)
    {
        var answer = await AskAsync($"credit {told.No}", (services, cancelled) => RiderCalls.AddTopUpAsync(services, caller, _phone, told.No, told.Fen, cancelled), givesUp);
        if (answer is { } given)
            told.Codes.Add(given.Code);
    }

    /// <summary>Reserves a plug.</summary>
    /// <returns>The order, with what was said of it before; null when there is none.</returns>
    private async Task<Told?> ReserveAsync(long fen, PlugId plug, Caller caller)
    {
        var asked = world.Scheduler.Now;
        var answer = await AskAsync("reserve", (services, _) => RiderCalls.ReserveAsync(services, caller, plug));
        if (answer is { Code: not (200 or 403 or 3001 or 3004 or 3005 or 5000) } outside)
            world.Fault($"{Name} was answered {outside.Code} to the reservation of {plug}.");
        if (answer is { Code: 403 } && !world.Watch.MayHaveReachedLimit(caller.UserId, plug, asked))
            world.Fault($"{Name} was refused {plug}, and has reached no limit.");
        if (answer is not { Code: 200, Data: { } no })
            return null;
        var told = Orders.Find(order => order.No == no);
        if (told is null)
            Orders.Add(told = new Told(no, fen, plug));
        return told;
    }
}
