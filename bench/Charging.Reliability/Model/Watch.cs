using Charging.Server.Accounts;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Reliability.Model;

/// <summary>
/// Follows every commit, and insists at once on what must hold at every moment: what is in the ledger stays as it is, orders
/// make legal moves, a plug has one live order, and nobody has less than nothing. It outlives the server, so it also sees
/// what a new life has lost.
/// </summary>
internal sealed class Watch(World world) : IStoreObserver
{
    private readonly Dictionary<string, LedgerEntry> _entries = [];
    private readonly Dictionary<string, Order> _orders = [];
    private readonly Dictionary<string, TopUp> _topUps = [];
    private readonly Dictionary<PlugId, HashSet<string>> _live = [];
    private readonly SortedDictionary<string, DueRow> _due = [];

    // It is never taken back, for what a rider was refused may have been so before a crash.
    private readonly Dictionary<string, (DateTimeOffset From, DateTimeOffset? Until)> _lives = [];
    private static readonly Dictionary<OrderState, HashSet<OrderState>> Reachable = Reach();

    /// <summary>What has not ended yet.</summary>
    public IReadOnlyCollection<string> Open =>
        [.. _due.Values.Select(row => $"{row.Key} due {row.DueAt:dd HH:mm:ss}"), .. _live.SelectMany(plug => plug.Value)];

    /// <summary>How often orders and top-ups ended in each state, and how many refunds there were.</summary>
    public IEnumerable<(string What, long Count)> Tally() =>
    [
        .. _orders.Values.GroupBy(order => $"{order.Tag} {order.State}{(order.Trouble is null ? "" : " in trouble")}".ToLowerInvariant()).Select(group => (group.Key, (long)group.Count())),
        .. _topUps.Values.GroupBy(topUp => $"top-up {topUp.State}".ToLowerInvariant()).Select(group => (group.Key, (long)group.Count())),
        ("records that cannot be", _orders.Values.Count(order => order.Trouble == Order.ImpossibleRecord)),
        ("late records", _orders.Values.Count(order => order.LateRecordAt is not null)),
        ("debts", _orders.Values.Count(order => order.Debt is not null)),
        ("refunds", _entries.Keys.Count(key => key.StartsWith("refund:", StringComparison.Ordinal))),
    ];

    /// <summary>An order as it was committed last; null when there is none of that number.</summary>
    public Order? Find(string orderNo) => _orders.GetValueOrDefault(orderNo);

    /// <summary>Whether the pile of an order is yet to be told to stop, or to be told again.</summary>
    public bool IsStopDue(Order order) => _due.ContainsKey(DueRow.KeyOf(DueKind.Stop, order.No.ToString(), order.Plug.Device));

    /// <summary>Whether a rider may be refused a plug by a limit of riders, at some moment since then.</summary>
    public bool MayHaveReachedLimit(long userId, PlugId plug, DateTimeOffset since)
    {
        var hour = since - TimeSpan.FromHours(1);
        var orders = _orders.Values.Where(order => order.UserId == userId).ToList();
        return orders.Count(order => _lives[order.No.ToString()] is var life && (life.Until is null || life.Until >= since)) >= ModelLimits.LiveOrders
            || orders.Count(order => order.Plug == plug && order.PaidAt >= hour) >= ModelLimits.StartsPerPlugAndHour
            || orders.Count(order => order.ReleasedAt >= hour) >= ModelLimits.UnpaidPerHour;
    }

    public async Task LoadAsync(IStore store, CancellationToken cancellationToken)
    {
        var told = _entries.Keys.ToList();
        _entries.Clear();
        _orders.Clear();
        _topUps.Clear();
        _live.Clear();
        _due.Clear();
        await foreach (var entry in store.ScanAsync(Ledger.Entries.ByKey, cancellationToken))
            _entries[entry.Key] = entry;
        await foreach (var order in store.ScanAsync(OrderTables.Orders.ByKey, cancellationToken))
            Follow(order);
        await foreach (var topUp in store.ScanAsync(TopUp.Table.ByKey, cancellationToken))
            _topUps[topUp.No.ToString()] = topUp;
        await foreach (var row in store.ScanAsync(DueRows.Table.ByKey, cancellationToken))
            _due[row.Key] = row;
        foreach (var key in told.Where(key => !_entries.ContainsKey(key)))
            world.Fault($"{key} was in the ledger, and is gone.");
    }

    public void Committed(IReadOnlyList<Change> changes)
    {
        foreach (var change in changes)
            Follow(change);
        foreach (var (plug, orders) in _live.Where(plug => plug.Value.Count > 1))
            world.Fault($"Plug {plug} has the live orders {string.Join(" and ", orders)}.");
        // Whatever has not ended is moved by a row that is due, at the latest.
        foreach (var number in _live.SelectMany(plug => plug.Value).Where(number => !_due.ContainsKey(DueRow.KeyOf(DueKind.Start, number))))
            world.Fault($"Order {number} is {_orders[number].State}, and nothing is due that would move it.");
        foreach (var rider in _live.SelectMany(plug => plug.Value).GroupBy(number => _orders[number].UserId).Where(rider => rider.Count() > ModelLimits.LiveOrders))
            world.Fault($"User {rider.Key} has the live orders {string.Join(" and ", rider)}.");
        foreach (var rider in _topUps.Values.Where(topUp => topUp.State == TopUpState.Open).GroupBy(topUp => topUp.UserId).Where(rider => rider.Count() > ModelLimits.OpenTopUps))
            world.Fault($"User {rider.Key} has the open top-ups {string.Join(" and ", rider.Select(topUp => topUp.No))}.");
    }

    private void Follow(Change change)
    {
        switch (change.Entity)
        {
            case LedgerEntry entry:
                Follow(entry);
                break;
            case Order order:
                Follow(order);
                break;
            case TopUp topUp:
                _topUps[change.Key] = topUp;
                world.Trace($"top-up {change.Key} is {topUp.State}");
                break;
            case DueRow row:
                _due[row.Key] = row;
                world.Trace($"due {row.Key} {row.Kind} at {row.DueAt:dd HH:mm:ss}{(row.LeasedBy is null ? "" : " leased")}");
                break;
            case User { BalanceFen: < 0 } user:
                world.Fault($"User {user.Id} has {user.BalanceFen} fen.");
                break;
            case null when ReferenceEquals(change.Table, DueRows.Table):
                _due.Remove(change.Key);
                world.Trace($"done {change.Key}");
                break;
            case null when ReferenceEquals(change.Table, Ledger.Entries):
                world.Fault($"{change.Key} was taken out of the ledger.");
                break;
        }
    }

    private void Follow(LedgerEntry entry)
    {
        world.Trace($"ledger {entry.Key}: {entry.AmountFen} from {entry.From} to {entry.To}");
        if (!_entries.TryAdd(entry.Key, entry))
            world.Fault($"{entry.Key} is in the ledger already, and was written again.");
    }

    private void Follow(Order order)
    {
        var number = order.No.ToString();
        var before = _orders.GetValueOrDefault(number);
        if (before?.State != order.State)
            world.Trace($"order {number} on {order.Plug} is {order.State}");
        if (before is not null && before.State != order.State && !Reachable[before.State].Contains(order.State))
            world.Fault($"Order {number} went from {before.State} to {order.State}.");
        if (before?.State == OrderState.Starting)
            Compare(order);
        if (before is null && order.State == OrderState.Reserved)
            CompareUnpaid(order);
        CompareWithTime(order);
        _orders[number] = order;
        var life = _lives.GetValueOrDefault(number, (world.Scheduler.Now, null));
        _lives[number] = (life.From, order.IsLive ? null : life.Until ?? world.Scheduler.Now);
        if (!_live.TryGetValue(order.Plug, out var live))
            _live[order.Plug] = live = [];
        if (order.IsLive)
            live.Add(number);
        else
            live.Remove(number);
    }

    /// <summary>What the server takes for the outcome of a start is what the pile has done.</summary>
    private void Compare(Order order)
    {
        var pile = world.Piles.Single(pile => pile.Device == order.Plug.Device);
        if (order.State == OrderState.Charging && !pile.Obeyed.ContainsKey(order.No.ToString()) && !pile.LiedAbout.Contains(order.Plug.Number))
            world.Fault($"Order {order.No} is Charging, and its relay was never closed.");
        if (order.State is OrderState.Refunding or OrderState.Refunded && order.Cause == FailCause.Start && !pile.Rejected.Contains(order.No.ToString()))
            world.Fault($"Order {order.No} is {order.State}, and the pile has not rejected it.");
    }

    /// <summary>Whatever a pile says, nothing counts for longer than since the payment, nor for more than the plug gives in that time.</summary>
    private void CompareWithTime(Order order)
    {
        const int ToleranceSeconds = 60;
        var passed = order.PaidAt is { } paid ? (int)(world.Scheduler.Now - paid).TotalSeconds : 0;
        if (order.Seconds > passed + ToleranceSeconds)
            world.Fault($"Order {order.No} has charged {order.Seconds} s, and was paid {passed} s ago.");
        if (order.EnergyWh > (passed + (2 * ToleranceSeconds)) * (long)Pile.DefaultRatedPowerW / 3600)
            world.Fault($"Order {order.No} has drawn {order.EnergyWh} Wh, and was paid {passed} s ago.");
    }

    /// <summary>Who has left a plug unpaid three times cannot have it again at once.</summary>
    private void CompareUnpaid(Order order)
    {
        var left = _orders.Values.Where(known => known.UserId == order.UserId && known.Plug == order.Plug && known.ReleasedAt is not null)
            .Select(known => known.ReleasedAt!.Value).Order().TakeLast(PlugHour.MaxUnpaid).ToList();
        if (left.Count == PlugHour.MaxUnpaid && left[^1] - left[0] <= PlugHour.UnpaidWindow && order.CreatedAt - left[^1] < PlugHour.UnpaidPause)
            world.Fault($"Order {order.No} is at a plug that its rider has left unpaid {left.Count} times.");
    }

    /// <summary>An operation may make several moves at once.</summary>
    private static Dictionary<OrderState, HashSet<OrderState>> Reach()
    {
        var reach = Enum.GetValues<OrderState>().ToDictionary(from => from, from => Enum.GetValues<OrderState>().Where(to => OrderMoves.IsLegal(from, to)).ToHashSet());
        for (var round = 0; round < reach.Count; round++)
        {
            foreach (var states in reach.Values)
                states.UnionWith(states.ToList().SelectMany(state => reach[state]));
        }
        return reach;
    }
}
