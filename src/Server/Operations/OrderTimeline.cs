using Charging.Ops.V1;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Google.Protobuf.WellKnownTypes;
using Order = Charging.Server.Orders.Order;
using OrderTag = Charging.Server.Orders.OrderTag;
using Refund = Charging.Server.Payments.Refund;
using RefundStep = Charging.Server.Payments.RefundStep;
using StartCommand = Charging.Server.Orders.StartCommand;

namespace Charging.Server.Operations;

/// <summary>
/// What happened to an order, put together from what is stored for other reasons, and the steps that are written where
/// something was out of the ordinary. So an order that goes as it should costs no row for its timeline. The live board has
/// each sentence in Chinese too (`LiveBoard/timeline.js`).
/// </summary>
internal sealed class OrderTimeline(IStore store)
{
    private const int MostOfAKind = 200;

    /// <summary>The entries in the order of time.</summary>
    public Task<IReadOnlyList<TimelineEntry>> OfAsync(Order order) => store.RunAsync<IReadOnlyList<TimelineEntry>>(async tx =>
    {
        List<(DateTimeOffset At, TimelineEntry Entry)> all =
        [
            .. Times(order), .. await MoneyAsync(tx, order), .. await StepsAsync(tx, order), .. await EventsAsync(tx, order),
            .. await DueAsync(tx, order), .. await OperatorsAsync(tx, order),
        ];
        return [.. all.OrderBy(it => it.At).Select(it => it.Entry)];
    });

    private static (DateTimeOffset At, TimelineEntry Entry) Entry(DateTimeOffset at, TimelineKind kind, string text, long fen = 0) =>
        (at, new TimelineEntry { At = at.ToTimestamp(), Kind = kind, Text = text, AmountFen = fen });

    private static IEnumerable<(DateTimeOffset, TimelineEntry)> Times(Order order)
    {
        if (order.Tag == OrderTag.Card)
            yield return Entry(order.CreatedAt, TimelineKind.Order, $"Made by card {order.CardNo} at plug {order.PlugText}.");
        else
            yield return Entry(order.CreatedAt, TimelineKind.Order, $"Reserved: plug {order.PlugText} is kept for {(order.ReservedUntil - order.CreatedAt).TotalSeconds:0} s.");
        if (order.ReleasedAt is { } released)
            yield return Entry(released, TimelineKind.Order, released >= order.ReservedUntil ? "Not paid in time." : "Left unpaid.");
        if (order is { PaidAt: { } paid })
        {
            yield return Entry(paid, TimelineKind.Order, "Paid.", order.PaidFen);
            if (order.StartCommand != StartCommand.NeverSent)
                yield return Entry(paid, TimelineKind.Command, $"The start command was sent, for at most {order.MaxSeconds} s.");
        }
        if (order.StartedAt is { } started)
            yield return Entry(started, TimelineKind.Order, "The pile charges.");
        if (order.LostAt is { } lost)
            yield return Entry(lost, TimelineKind.Order, "The charge was taken for lost.");
        if (order.EndedAt is { } ended)
            yield return Entry(ended, TimelineKind.Order, Over(order));
        if (order is { LateRecordAt: { } late, Debt: { } debt })
            yield return Entry(late, TimelineKind.Money, "The end record came late and settles the charge: what had gone back for it is owed by the rider.", debt.Fen);
    }

    private static string Over(Order order) => order.EndReason == Device.V1.EndReason.Unspecified
        ? $"The charge is over, without an end record of its pile: {order.Seconds} s, {order.EnergyWh} Wh."
        : $"The charge is over ({order.EndReason}): {order.Seconds} s, {order.EnergyWh} Wh.";

    private static async ValueTask<List<(DateTimeOffset, TimelineEntry)>> MoneyAsync(ITransaction tx, Order order)
    {
        List<string> keys = [$"hold:{order.No}", $"earn:{order.No}"];
        keys.AddRange(Enumerable.Range(1, order.Debt?.Collections ?? 0).Select(number => Ledger.CollectKey(order.No, number)));
        keys.AddRange(Enumerable.Range(1, order.Refunds).SelectMany(number => new[] { $"owe:{order.No}:{number}", $"refund:{order.No}:{number}" }));
        var entries = new List<(DateTimeOffset, TimelineEntry)>();
        foreach (var key in keys)
        {
            if (await tx.GetAsync(Ledger.Entries, key) is { } entry)
                entries.Add(Entry(entry.At, TimelineKind.Money, Moved(order, entry), entry.AmountFen));
        }
        for (var number = 1; number <= order.Refunds; number++)
        {
            if (await tx.GetAsync(Refund.Table, Refund.NoOf(order.No, number)) is { Step: not RefundStep.Done } refund)
                entries.Add(Entry(refund.OwedAt, TimelineKind.Money, Waits(refund), refund.AmountFen));
        }
        return entries;
    }

    private static string Waits(Refund refund) => refund.LastAnswer is { } answer
        ? $"Refund {refund.No} is {refund.Step}, the provider said {answer}."
        : $"Refund {refund.No} is {refund.Step}.";

    private static string Moved(Order order, Payments.LedgerEntry entry) => (entry.From, entry.To) switch
    {
        (Ledger.Provider, Ledger.Owed) => "Paid at the payment provider as well: owed to the rider.",
        (Ledger.Provider, _) => "The payment is held for the order.",
        (Ledger.Owed, _) => "The payment provider has sent it back.",
        (Ledger.Revenue, Ledger.Owed) => "Given back by an operator: owed to the rider.",
        (Ledger.Revenue, _) => "Given back by an operator, to the rider's balance.",
        (_, Ledger.Revenue) when entry.From == Ledger.Balance(order.UserId) => "Taken from the rider's balance: owed since the end record came.",
        (_, Ledger.Revenue) => "Earned.",
        (_, Ledger.Owed) => "Not used: owed to the rider.",
        _ when entry.To == Ledger.Balance(order.UserId) => "Not used: back on the rider's balance.",
        _ => "The rider's balance pays: it is held for the order.",
    };

    private static async ValueTask<IEnumerable<(DateTimeOffset, TimelineEntry)>> StepsAsync(ITransaction tx, Order order) =>
        (await tx.ListAsync(OrderStep.Table.ByKey, KeyRange.Prefix(OrderStep.Prefix(order.No.ToString())), MostOfAKind))
        .Select(step => Entry(step.At, TimelineKind.Command, step.Text));

    private static async ValueTask<IEnumerable<(DateTimeOffset, TimelineEntry)>> EventsAsync(ITransaction tx, Order order) =>
        (await EventSearch.OfOrderAsync(tx, order)).Select(seen => Entry(seen.At, TimelineKind.Event, $"The pile told: {seen.Kind} (event {seen.EventId})."));

    private static async ValueTask<List<(DateTimeOffset, TimelineEntry)>> DueAsync(ITransaction tx, Order order)
    {
        var due = new List<(DateTimeOffset, TimelineEntry)>();
        foreach (var key in OrderRetries.KeysOf(order))
        {
            if (await tx.GetAsync(DueRows.Table, key) is { } row)
                due.Add(Entry(row.DueAt, TimelineKind.Due, row.Tries > 0 ? $"{row.Kind} is due, after {row.Tries} tries." : $"{row.Kind} is due."));
        }
        return due;
    }

    private static async ValueTask<IEnumerable<(DateTimeOffset, TimelineEntry)>> OperatorsAsync(ITransaction tx, Order order) =>
        (await tx.ListAsync(AuditTables.BySubject, KeyRange.Prefix(AuditTables.SubjectPrefix(OrderOpsMapping.Subject(order.No))), MostOfAKind))
        .Select(entry => Entry(entry.At, TimelineKind.Operator, Did(entry)));

    private static string Did(AuditEntry entry)
    {
        var method = entry.Method[(entry.Method.IndexOf('/') + 1)..];
        return entry.Reason.Length > 0 ? $"{entry.Who.Name}: {method} ({entry.Reason}). {entry.Outcome}" : $"{entry.Who.Name}: {method}. {entry.Outcome}";
    }
}
