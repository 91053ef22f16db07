using Charging.Server.Accounts;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Reliability.Model;

/// <summary>The bugs that read or write something else than there is.</summary>
public static partial class Bugs
{
    private sealed class NoUniqueKey(ITransaction tx) : BuggyTransaction(tx)
    {
        protected override object? Read(string key, object? entity) => entity switch
        {
            LedgerEntry { Key: var written } when written.StartsWith("credit:", StringComparison.Ordinal) => null,
            TopUp { State: TopUpState.Credited } topUp => topUp with { State = TopUpState.Open },
            _ => entity,
        };

        protected override object Written(object entity) => entity is LedgerEntry entry && entry.Key.StartsWith("credit:", StringComparison.Ordinal)
            ? entry with { Key = $"{entry.Key}:{entry.Number}" }
            : entity;
    }

    private sealed class UnconditionalMove(ITransaction tx) : BuggyTransaction(tx)
    {
        protected override object? Read(string key, object? entity) => entity is Order { State: OrderState.StartFailed or OrderState.Refunding or OrderState.Refunded } order
            ? order with { State = OrderState.Starting }
            : entity;
    }

    private sealed class NoOwnerCheck(ITransaction tx) : BuggyTransaction(tx)
    {
        private long? _caller;

        protected override object? Read(string key, object? entity)
        {
            _caller = entity is User user ? user.Id : _caller;
            return entity is TopUp topUp && _caller is { } caller ? topUp with { UserId = caller } : entity;
        }
    }

    private sealed class FloatMoney(ITransaction tx) : BuggyTransaction(tx)
    {
        protected override object Written(object entity) => entity is User user ? user with { BalanceFen = (long)(user.BalanceFen / 100f * 100) } : entity;
    }

    private sealed class ForgetsEvents(ITransaction tx) : BuggyTransaction(tx)
    {
        protected override object? Written(object entity) => entity is SeenEvent ? null : entity;
    }

    private sealed class ForgetsClosing(ITransaction tx) : BuggyTransaction(tx)
    {
        protected override object? Written(object entity) => entity is DueRow { Kind: DueKind.Close } row && row.DueAt <= Now ? null : entity;
    }

    private sealed class EndlessBalance(ITransaction tx) : BuggyTransaction(tx)
    {
        private const int Invented = 1_000_000;

        protected override object? Read(string key, object? entity) => entity is User user ? user with { BalanceFen = user.BalanceFen + Invented } : entity;

        protected override object Written(object entity) => entity switch
        {
            User user => user with { BalanceFen = user.BalanceFen - Invented },
            LedgerEntry entry => entry with { BalanceFen = entry.BalanceFen - Invented },
            _ => entity,
        };
    }

    private sealed class EverythingByPhone(ITransaction tx) : BuggyTransaction(tx)
    {
        protected override object? Read(string key, object? entity) => entity is Order { Tag: OrderTag.Balance } order ? order with { Tag = OrderTag.Phone } : entity;
    }

    private sealed class ForgetsSurplus(ITransaction tx) : BuggyTransaction(tx)
    {
        protected override object? Written(object entity) => entity is DueRow { Kind: DueKind.Surplus } ? null : entity;
    }

    private sealed class ForgetsAmount(ITransaction tx) : BuggyTransaction(tx)
    {
        protected override object? Read(string key, object? entity) => entity is Order order ? order with { PrepaidFen = null } : entity;
    }

    private sealed class StopsOnce(ITransaction tx) : BuggyTransaction(tx)
    {
        protected override object? Written(object entity)
        {
            if (entity is not DueRow { Kind: DueKind.Stop, Tries: > 0 } row)
                return entity;
            Tx.Delete(DueRows.Table, row.Key);
            return null;
        }
    }

    private sealed class EndsAtOnce(ITransaction tx) : BuggyTransaction(tx)
    {
        protected override object? Read(string key, object? entity) => entity is Order { State: OrderState.Charging } order ? order with { State = OrderState.Ended } : entity;
    }

    private sealed class FreesEarly(ITransaction tx) : BuggyTransaction(tx)
    {
        protected override object Written(object entity)
        {
            if (entity is Order { State: OrderState.StartFailed } order)
                Tx.Delete(OrderTables.BusyPlugs, order.Plug.ToString());
            return entity;
        }
    }
}
