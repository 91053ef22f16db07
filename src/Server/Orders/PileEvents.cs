using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Calls;
using Charging.Server.Cards;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Google.Protobuf;

namespace Charging.Server.Orders;

/// <summary>
/// What piles must not lose. An event is acted on once, known by a row for its number; acknowledged when the effect
/// is durable; and acknowledged again, without acting, however often it comes.
/// </summary>
public sealed class PileEvents(
    IStore store,
    CardSwipes swipes,
    ImpossibleRecords impossibleRecords,
    AlarmStops alarmStops,
    PileCommands commands,
    EventLimit eventLimit,
    CardsOptions cards,
    PileOptions piles,
    RateLimits limits,
    TimeProvider clock)
{
    private const int LongestPayload = 4096;

    private readonly LimitLog _refused = limits.CreateLog("refused-swipes", cards.MaxRefusedSwipes, PileCounts.SwipeWindow);

    /// <summary>Acts on an event and acknowledges it; one above the pile's limit is left to its resend.</summary>
    public async Task HandleAsync(PileSession session, PileEvent pileEvent)
    {
        if (!eventLimit.TryTake(session.Device, pileEvent))
            return;
        if (pileEvent.CardSwiped is not null && !swipes.MayDecide(session.Device, pileEvent))
        {
            // It comes again in ten seconds, and then the pile has answered.
            await commands.ReportStatusAsync(session.Device);
            return;
        }
        // The pile's own clock may be wrong; how long ago it was is not. What it waits here for the store is not in that.
        var at = clock.GetUtcNow() - TimeSpan.FromMilliseconds(pileEvent.AgeMs);
        var seen = await store.RunAsync(tx => OnceAsync(tx, session, pileEvent, at));
        if (pileEvent.Alarm is { } alarm)
            await alarmStops.StopAsync(session.Device, alarm);
        if (seen.Reason is { } reason)
        {
            var balance = (int)Math.Min(seen.BalanceFen, int.MaxValue);
            await commands.DecideAsync(
                session.Device,
                new CardDecision { EventId = seen.EventId, Accepted = seen.Accepted, Reason = reason, BalanceFen = balance });
        }
        if (seen.Reason == CardReason.TooManyRefused)
            _refused.Refused($"pile {session.Device}");
        if (seen.Limit is { } limit)
            swipes.Refused(limit, session.Device);
        await commands.AckAsync(session.Device, pileEvent.EventId);
    }

    /// <summary>Sets a message aside that nobody could understand.</summary>
    public Task QuarantineAsync(DeviceNo device, string reason, ReadOnlyMemory<byte> payload) => store.RunAsync(async tx =>
    {
        await QuarantineAsync(tx, device, reason, payload);
        return true;
    });

    private async ValueTask<SeenEvent> OnceAsync(ITransaction tx, PileSession session, PileEvent pileEvent, DateTimeOffset at)
    {
        var key = SeenEvent.KeyOf(session.Device, session.SecretGeneration, pileEvent.EventId);
        var named = OrderNamedBy(pileEvent);
        await tx.ForeseeAsync([(PileTables.SeenEvents, key), .. RowsOf(tx, session.Device, pileEvent, named)]);
        if (await tx.GetAsync(PileTables.SeenEvents, key) is { } known)
            return known;
        var seen = new SeenEvent
        {
            Device = session.Device,
            SecretGeneration = session.SecretGeneration,
            EventId = pileEvent.EventId,
            At = tx.Now,
            Kind = pileEvent.KindCase,
            OrderNo = named?.ToString(),
        };
        seen = await ActAsync(tx, session.Device, pileEvent, seen, at);
        tx.Put(PileTables.SeenEvents, seen);
        return seen;
    }

    private async ValueTask<SeenEvent> ActAsync(ITransaction tx, DeviceNo device, PileEvent pileEvent, SeenEvent seen, DateTimeOffset at)
    {
        switch (pileEvent.KindCase)
        {
            case PileEvent.KindOneofCase.ChargeStarted:
                await StartedAsync(tx, device, pileEvent, at);
                break;
            case PileEvent.KindOneofCase.ChargeEnded:
                if (await OrderOfAsync(tx, device, pileEvent.ChargeEnded.OrderNo, pileEvent.ChargeEnded.Plug) is { } ended
                    && await Ends.RecordedAsync(tx, ended, pileEvent.ChargeEnded, pileEvent.BootId, at) is { Trouble: Order.ImpossibleRecord })
                    await impossibleRecords.CountAsync(tx, device);
                break;
            case PileEvent.KindOneofCase.CardSwiped:
                var (decision, limit) = await swipes.DecideAsync(tx, device, pileEvent, at);
                return seen with { Accepted = decision.Accepted, Reason = decision.Reason, BalanceFen = decision.BalanceFen, Limit = limit };
            case PileEvent.KindOneofCase.Alarm when PileAlarms.IsOfServer(pileEvent.Alarm.Code):
                await QuarantineAsync(tx, device, "An alarm that is not for piles to raise or clear.", pileEvent.ToByteArray());
                break;
            case PileEvent.KindOneofCase.Alarm:
                await AlarmAsync(tx, seen, pileEvent.Alarm, at);
                break;
            default:
                await QuarantineAsync(tx, device, "An event of no known kind.", pileEvent.ToByteArray());
                break;
        }
        return seen;
    }

    private static async ValueTask StartedAsync(ITransaction tx, DeviceNo device, PileEvent pileEvent, DateTimeOffset at)
    {
        var started = pileEvent.ChargeStarted;
        if (await OrderOfAsync(tx, device, started.OrderNo, started.Plug) is { } order)
            await Starts.StartedAsync(tx, order, at, pileEvent.BootId);
        else if (started.Plug is >= 1 and <= Pile.MaxPlugs)
            await Stops.RequestAsync(tx, started.OrderNo, new PlugId(device, (int)started.Plug));
    }

    private static async ValueTask<Order?> OrderOfAsync(ITransaction tx, DeviceNo device, string orderNo, uint plug) =>
        await new PlugOwner(device, orderNo).OrderAsync(tx) is { } order && order.Plug.Number == plug ? order : null;

    private static async ValueTask AlarmAsync(ITransaction tx, SeenEvent seen, Alarm alarm, DateTimeOffset at)
    {
        // However old it says that it is, the pile was registered before.
        var isPossible = await tx.GetAsync(PileTables.Piles, seen.Device.ToString()) is not { } pile || at >= pile.RegisteredAt;
        var (code, numbers, severity) = PileAlarms.Known(alarm.Code, alarm.Severity);
        var entry = new PileAlarm
        {
            Device = seen.Device,
            Plug = PileAlarm.PlugOf(alarm),
            Code = code,
            Numbers = numbers,
            Severity = severity,
            Raised = alarm.Raised,
            At = isPossible ? at : tx.Now,
            SecretGeneration = seen.SecretGeneration,
            EventId = seen.EventId,
        };
        await PileAlarms.PutAsync(tx, entry.After(await tx.GetAsync(PileTables.Alarms, entry.Id)));
    }

    // What cannot be an order would be kept for nothing, however long it is.
    private static OrderNo? OrderNamedBy(PileEvent pileEvent) =>
        OrderNo.TryParse(pileEvent.ChargeStarted?.OrderNo ?? pileEvent.ChargeEnded?.OrderNo, out var number) ? number : null;

    /// <summary>What an event of a charge reads; an end record also settles the order.</summary>
    private static IEnumerable<(ITable Table, string Key)> RowsOf(ITransaction tx, DeviceNo device, PileEvent pileEvent, OrderNo? named)
    {
        if (named is not { } orderNo)
            yield break;
        yield return (OrderTables.Orders, orderNo.ToString());
        if (pileEvent.ChargeEnded is not { Plug: <= Pile.MaxPlugs } ended)
            yield break;
        yield return (OrderTables.BusyPlugs, new PlugId(device, (int)ended.Plug).ToString());
        yield return (Ledger.Entries, Ledger.EarnKey(orderNo));
        yield return (DayFigures.Table, DayFigures.KeyOf(DayFigures.DayOf(tx.Now), device));
    }

    private async ValueTask QuarantineAsync(ITransaction tx, DeviceNo device, string reason, ReadOnlyMemory<byte> payload)
    {
        var cut = payload.Length > LongestPayload ? payload[..LongestPayload] : payload;
        var counts = await tx.GetAsync(PileCounts.Table, device.ToString()) ?? new PileCounts { Device = device };
        counts = counts with { Unreadable = counts.Unreadable + 1 };
        tx.Put(PileCounts.Table, counts);
        tx.Put(PileTables.Quarantine, new QuarantinedMessage
        {
            Number = counts.Unreadable,
            Place = (int)(counts.Unreadable % piles.MaxUnreadable),
            Device = device,
            At = tx.Now,
            Reason = reason,
            Payload = Convert.ToBase64String(cut.Span),
        });
    }
}
