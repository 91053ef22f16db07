using Charging.Device.V1;
using Charging.MqttBroker;
using Google.Protobuf;

namespace Charging.Reliability.Model;

/// <summary>An end record that the server has acknowledged.</summary>
/// <param name="Seconds">How long the pile says that it has charged, in seconds.</param>
/// <param name="RaisedAt">When the pile said so first.</param>
/// <param name="AcknowledgedAt">When it heard that the server knows.</param>
internal sealed record ModelRecord(uint Seconds, DateTimeOffset RaisedAt, DateTimeOffset AcknowledgedAt);

/// <summary>A pile whose secret is in other hands: it says what cannot be, what is another's, and too much of it.</summary>
internal sealed partial class ModelPile
{
    private const int FloodSize = 8;

    // The server gives up a charge after five minutes.
    private const int ShortestWithholdMs = 4 * 60_000;
    private const int LongestWithholdMs = 40 * 60_000;

    private readonly Dictionary<uint, CardSwiped> _swiped = [];

    /// <summary>Whether it may say what is not so of anything.</summary>
    public bool IsHostile => plan.Hostile is not null;

    /// <summary>How much it has sent without a reason.</summary>
    public int Acts { get; private set; }

    /// <summary>Reports the end of a charge as it likes.</summary>
    private void Falsify(HostilePlan hostile, ChargeEnded ended)
    {
        var said = Chance(hostile.Invents) ? Impossible(ended) : ended;
        var (at, boot) = (Now, _boot);
        var delay = Chance(hostile.Withholds) ? _random.Next(ShortestWithholdMs, LongestWithholdMs) : 0;
        if (delay == 0)
            Raise(new PileEvent { ChargeEnded = said });
        else
            Later(delay, () => Raise(new PileEvent { BootId = boot, ChargeEnded = said }, at));
        for (var copies = Chance(hostile.Repeats) ? _random.Next(1, 4) : 0; copies > 0; copies--)
        {
            var again = _random.Next(2) == 0 ? ended : Impossible(ended);
            Later(delay + _random.Next(120_000), () => Raise(new PileEvent { BootId = boot, ChargeEnded = again.Clone() }, at));
        }
    }

    private ChargeEnded Impossible(ChargeEnded ended)
    {
        var said = ended.Clone();
        (said.Seconds, said.EnergyWh) = _random.Next(4) switch
        {
            0 => (4 * 3600u, ended.EnergyWh),
            1 => (uint.MaxValue, uint.MaxValue),
            2 => (ended.Seconds, uint.MaxValue),
            _ => (ended.Seconds + (uint)_random.Next(600), ended.EnergyWh),
        };
        return said;
    }

    /// <summary>Gives no power, and says that it has given hours of it.</summary>
    private void Pretend(Command command, StartCharge start)
    {
        LiedAbout.Add((int)start.Plug);
        Answer(command, Done(command));
        Raise(new PileEvent { ChargeEnded = Impossible(new ChargeEnded { OrderNo = start.OrderNo, Plug = start.Plug, Seconds = 4 * 3600, Reason = EndReason.Full }) });
    }

    private void ActLater(HostilePlan hostile) => Later(_random.Next(1000, hostile.ActsWithinMs + 1), () =>
    {
        if (_isCalm || _isDead)
            return;
        Act();
        ActLater(hostile);
    });

    private void Act()
    {
        Acts++;
        var plug = 1 + _random.Next(PlugCount);
        switch (_random.Next(8))
        {
            case 0:
                Swipe(plug, CopiedCard());
                break;
            case 1:
                Swipe(PlugCount + 1 + _random.Next(3), CopiedCard());
                break;
            case 2:
                Swipe(plug, InventedCard());
                break;
            case 3:
                EndAny(plug);
                break;
            case 4:
                LiedAbout.Add(plug);
                Raise(new PileEvent { ChargeStarted = new ChargeStarted { OrderNo = AnyOrder(), Plug = (uint)plug } });
                break;
            case 5:
                // Raised by the server alone, and of no kind.
                Raise(new PileEvent { Alarm = new Alarm { Code = AlarmCode.RefusedSwipes, Severity = AlarmSeverity.Critical, Raised = true } });
                Raise(new PileEvent());
                break;
            case 6:
                Flood(() => Swipe(plug, _random.Next(2) == 0 ? CopiedCard() : InventedCard()));
                break;
            default:
                Flood(SendStatus);
                Flood(() => Send(listener => listener.Unreadable(Session, "events", new byte[] { 0x7B }), "what cannot be read"));
                break;
        }
    }

    /// <summary>Ends an order of anybody: of another pile, of its other plug, over, not paid, or going on.</summary>
    private void EndAny(int plug)
    {
        LiedAbout.Add(plug);
        Raise(new PileEvent { ChargeEnded = Impossible(new ChargeEnded { OrderNo = AnyOrder(), Plug = (uint)plug, Seconds = (uint)_random.Next(3600), Reason = EndReason.Full }) });
    }

    private string AnyOrder()
    {
        var known = world.Riders.SelectMany(rider => rider.Orders).Select(order => order.No).ToList();
        return known.Count == 0 || _random.Next(8) == 0 ? "20250601INVENTED" : known[_random.Next(known.Count)];
    }

    private string CopiedCard() => world.Riders[_random.Next(world.Riders.Count)].Card;

    private string InventedCard() => (0x30000000 + _random.Next(100)).ToString("X8", null);

    private void Flood(Action send)
    {
        for (var n = 0; n < FloodSize; n++)
            send();
    }

    /// <summary>Only a card of a rider starts anything, at a plug that there is, and a balance is for whoever is about to spend it.</summary>
    private void Judge(CardDecision decision)
    {
        if (!_swiped.TryGetValue(decision.EventId, out var swipe))
            return;
        var isReal = swipe.Plug is >= 1 and <= PlugCount && world.Riders.Any(rider => rider.Card == swipe.CardNo);
        if (decision.Accepted && !isReal)
            world.Fault($"Card {swipe.CardNo} was accepted at plug {swipe.Plug} of {Device}.");
        if (decision.BalanceFen != 0 && !(isReal && (decision.Accepted || decision.Reason == CardReason.InsufficientBalance)))
            world.Fault($"{Device} was told the balance of card {swipe.CardNo}, which was refused at plug {swipe.Plug}: {decision.Reason}.");
    }
}
