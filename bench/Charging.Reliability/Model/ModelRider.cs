using System.Globalization;
using Charging.MqttBroker;
using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Reliability.Model;

/// <summary>What a rider was told of an order or a top-up.</summary>
internal sealed class Told(string no, long fen, PlugId plug = default)
{
    public string No { get; } = no;

    /// <summary>What the rider wants to pay, in fen.</summary>
    public long Fen { get; } = fen;

    public PlugId Plug { get; } = plug;

    /// <summary>Every code that the rider was answered when asking for the charge or the credit.</summary>
    public List<int> Codes { get; } = [];

    /// <summary>What was said to be paid from the balance, in fen, and every code that this was answered; 0 when there was no answer.</summary>
    public List<(long Fen, int Code)> FromBalance { get; } = [];

    /// <summary>The amounts for which the server has made the payment, in fen; no more than one.</summary>
    public HashSet<long> Prepaid { get; } = [];
}

/// <summary>A rider who does one thing after the other, sometimes several at once, and remembers what the server said.</summary>
internal sealed partial class ModelRider(World world, RiderPlan plan, int number)
{
    private const int MostTries = 4;

    private readonly Phone _phone = Phone.Parse((13_800_000_000 + number).ToString(CultureInfo.InvariantCulture));
    private readonly string _card = (0x20000000 + number).ToString("X8", CultureInfo.InvariantCulture);
    private string? _token;

    public string Name => $"rider{number}";

    /// <summary>Orders that were reserved by the rider.</summary>
    public List<Told> Orders { get; } = [];

    public List<Told> TopUps { get; } = [];

    /// <summary>The account; null before it is made.</summary>
    public Caller? Caller { get; private set; }

    public string Card => _card;

    /// <summary>Whether the rider has taken the card off at least once.</summary>
    public bool HasUnbound { get; private set; }

    /// <summary>Lives the steps.</summary>
    public async Task RideAsync()
    {
        try
        {
            await RegisterAsync();
            if (plan.IsRich)
                await TopUpAsync(new RiderStep(StepKind.TopUp, 0, 20, 0, 0, 100, 1, 0, null, false, PayWay.Phone, false, null));
            foreach (var step in plan.Steps)
            {
                await world.DelayAsync(step.PauseMs);
                await TakeAsync(step);
            }
        }
        catch (Exception fault)
        {
            world.Fault($"{Name} broke: {fault}");
        }
    }

    private Task TakeAsync(RiderStep step) => step.Kind switch
    {
        StepKind.Charge => ChargeAsync(step),
        StepKind.TopUp => TopUpAsync(step),
        StepKind.Swipe => SwipeAsync(step),
        StepKind.Card => CardAsync(step),
        StepKind.Meddle => MeddleAsync(step),
        StepKind.Stop => StopNewestAsync(step),
        StepKind.Nibble => NibbleAsync(step),
        StepKind.Hoard => HoardAsync(step),
        StepKind.Abandon when Caller is { } caller => AbandonAsync(step, caller),
        StepKind.OpenTopUps when Caller is { } caller => OpenTopUpsAsync(step, caller),
        StepKind.Replay when Caller is { } caller => ReplayAsync(step, caller),
        StepKind.GuessCards when Caller is { } caller => GuessCardsAsync(step, caller),
        _ => LookAsync(),
    };

    private async Task RegisterAsync()
    {
        while (_token is null)
        {
            var answer = await AskAsync("register", (services, _) => RiderCalls.RegisterAsync(services, world, _phone));
            _token = answer?.Data;
            if (_token is null)
                await world.DelayAsync(130_000);
            if (answer is { Code: 2007 })
            {
                // The account was made and its answer lost; a rider would log in.
                return;
            }
        }
        while (world.Server is not { IsUp: true })
            await world.DelayAsync(1000);
        Caller = RiderCalls.Find(world.Server.Services, _token);
        if (Caller is null)
            world.Fault($"{Name} was registered, and the token is nobody's.");
    }

    private async Task TopUpAsync(RiderStep step)
    {
        // Enough for some swipes.
        var fen = step.Fen * 13;
        if (Caller is not { } caller || await AskAsync("top-up", (services, _) => RiderCalls.NewTopUpAsync(services, caller, _phone, fen)) is not { Code: 200, Data: { } no })
            return;
        var told = new Told(no, fen);
        TopUps.Add(told);
        await PayLaterAsync(step, told, Math.Max(1, fen + step.SaysMore), caller);
        await world.DelayAsync(step.CallsAfterMs);
        await AllAsync(step.Calls, _ => CreditAsync(told, step.GivesUpAfterMs, caller));
    }

    private async Task SwipeAsync(RiderStep step)
    {
        if (Caller is not { } caller)
            return;
        await AskAsync("bind", (services, _) => RiderCalls.BindAsync(services, caller, _card));
        world.Piles[step.Plug % world.Piles.Count].Swipe(1 + (step.Plug / world.Piles.Count % ModelPile.PlugCount), _card);
    }

    private async Task CardAsync(RiderStep step)
    {
        if (Caller is not { } caller)
            return;
        HasUnbound |= step.Leaves;
        if (step.Leaves)
            await AskAsync("unbind", (services, _) => RiderCalls.UnbindAsync(services, caller, _card));
        else
            await AllAsync(1 + step.Calls, _ => AskAsync("bind", (services, _) => RiderCalls.BindAsync(services, caller, _card)));
    }

    /// <summary>Everything here names what is another's, and must be refused.</summary>
    private async Task MeddleAsync(RiderStep step)
    {
        var victim = world.Riders[(number + 1) % world.Riders.Count];
        if (victim == this || Caller is not { } caller || victim.Caller is null)
            return;
        if (victim.Orders.LastOrDefault() is { } order)
            Refused(await AskAsync($"charge another's {order.No}", (services, cancelled) => RiderCalls.ChargeAsync(services, caller, order.Plug, order.No, order.Fen, cancelled), step.GivesUpAfterMs));
        if (victim.Orders.LastOrDefault() is { } reserved)
        {
            Refused(await AskAsync($"pay another's {reserved.No}", (services, cancelled) => RiderCalls.PayWithBalanceAsync(services, caller, reserved.Plug, reserved.No, reserved.Fen, cancelled)));
            Refused(await AskAsync($"prepay another's {reserved.No}", (services, cancelled) => RiderCalls.PrepayAsync(services, caller, reserved.No, reserved.Fen, LoginCode, cancelled)));
            Refused(await AskAsync($"stop another's {reserved.No}", (services, cancelled) => RiderCalls.StopAsync(services, caller, reserved.No, cancelled)));
        }
        if (victim.TopUps.LastOrDefault() is { } topUp)
        {
            Refused(await AskAsync($"credit another's {topUp.No}", (services, cancelled) => RiderCalls.AddTopUpAsync(services, caller, _phone, topUp.No, topUp.Fen, cancelled)));
            Refused(await AskAsync($"prepay another's {topUp.No}", (services, cancelled) => RiderCalls.PrepayAsync(services, caller, topUp.No, topUp.Fen, LoginCode, cancelled)));
        }
        await NameForeignAsync(victim.Card, caller);
    }

    private void Refused(RiderAnswer? answer)
    {
        if (answer is { Code: not (403 or 4002 or 4004 or 5000) } given)
            world.Fault($"{Name} named what is another's and was answered {given.Code}.");
    }

    /// <summary>The list of orders, newest first; empty when nobody answers.</summary>
    private async Task<IReadOnlyList<string>> LookAsync()
    {
        if (Caller is not { } caller || world.Server is not { IsUp: true } server)
            return [];
        try
        {
            var known = await server.CallAsync(services => RiderCalls.ListAsync(services, caller));
            world.Trace($"{Name} sees {string.Join(", ", known)}");
            return known;
        }
        catch (Exception gone) when (gone is ServerGoneException or StoreUnavailableException)
        {
            world.Trace($"{Name} sees nothing");
            return [];
        }
    }

    private static async Task AllAsync(int times, Func<int, Task> call)
    {
        var calls = Enumerable.Range(0, times).Select(call).ToList();
        foreach (var one in calls)
            await one;
    }

    /// <summary>Asks the server. Null when there was no answer: it was down, it died, or the phone gave up.</summary>
    private async Task<RiderAnswer?> AskAsync(string what, Func<IServiceProvider, CancellationToken, Task<RiderAnswer>> call, int? givesUpMs = null)
    {
        if (world.Server is not { IsUp: true } server)
            return null;
        world.Trace($"{Name} asks: {what}");
        using var patience = givesUpMs is { } ms ? new CancellationTokenSource(TimeSpan.FromMilliseconds(ms), world.Clock) : new CancellationTokenSource();
        var answer = await AnswerAsync(server, services => call(services, patience.Token), what);
        world.Trace(what == "register" ? $"{Name} is answered {answer?.Code}" : $"{Name} is answered {answer?.Code} {answer?.Data}: {what}");
        return answer;
    }

    private async Task<RiderAnswer?> AnswerAsync(ModelServer server, Func<IServiceProvider, Task<RiderAnswer>> call, string what)
    {
        try
        {
            return await server.CallAsync(call);
        }
        catch (Exception gone) when (gone is ServerGoneException or OperationCanceledException)
        {
            return null;
        }
        catch (Exception fault)
        {
            if (fault is not (StoreUnavailableException or ProviderUnavailableException or UntrustedAnswerException))
                world.Fault($"{Name} asked to {what}, and the server broke: {fault}");
            return new RiderAnswer(Faults.CodeOf(fault).Code);
        }
    }
}
