using Charging.Server.Accounts;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Reliability.Model;

/// <summary>The bugs that leave out what keeps hostile piles and greedy riders off.</summary>
public static partial class Bugs
{
    /// <summary>Paid long ago, at a plug that gives anything: whatever a pile says can be.</summary>
    private sealed class BelievesPiles(ITransaction tx) : BuggyTransaction(tx)
    {
        private static readonly TimeSpan Long = TimeSpan.FromDays(100 * 365);

        protected override object? Read(string key, object? entity) =>
            entity is Order { PaidAt: { } at } order ? order with { PaidAt = at - Long, RatedPowerW = int.MaxValue } : entity;

        protected override object Written(object entity) =>
            entity is Order { PaidAt: { } at } order && at < Now - (Long / 2) ? order with { PaidAt = at + Long, RatedPowerW = null } : entity;
    }

    /// <summary>What comes to less than a fen costs nothing.</summary>
    private sealed class GivesFractions(ITransaction tx) : BuggyTransaction(tx)
    {
        private const int SecondsOfFen = 144;

        protected override object? Read(string key, object? entity) =>
            entity is Order { PaidAt: { } at } order && Now - at < TimeSpan.FromSeconds(SecondsOfFen) ? order with { Tariff = order.Tariff with { CapFen = 0 } } : entity;

        protected override object Written(object entity) =>
            entity is Order { Tariff.CapFen: 0 } order ? order with { Tariff = order.Tariff with { CapFen = null } } : entity;
    }

    private sealed class SettlesLateAgain(ITransaction tx) : BuggyTransaction(tx)
    {
        protected override object? Read(string key, object? entity) => entity is Order { LateRecordAt: not null } order ? order with { LateRecordAt = null } : entity;
    }

    /// <summary>Looks at none of the live orders that are known, and keeps them all the same.</summary>
    private sealed class IgnoresLiveOrders(ITransaction tx) : BuggyTransaction(tx)
    {
        private IReadOnlyList<string> _known = [];

        protected override object? Read(string key, object? entity)
        {
            if (entity is not User user)
                return entity;
            _known = user.LiveOrders ?? [];
            return user with { LiveOrders = null };
        }

        protected override object Written(object entity) => entity is User user ? user with { LiveOrders = [.. _known.Union(user.LiveOrders ?? [])] } : entity;
    }

    private sealed class ForgetsUnpaid(ITransaction tx) : BuggyTransaction(tx)
    {
        protected override object? Read(string key, object? entity) => entity is User user ? user with { LastHour = null } : entity;
    }

    private sealed class ForgetsForeignCards(ITransaction tx) : BuggyTransaction(tx)
    {
        protected override object? Read(string key, object? entity) => entity is User user ? user with { ForeignCards = null } : entity;
    }

    /// <summary>Tells a pile the balance of whatever card it names.</summary>
    private sealed class TellsBalances(IStore store) : IStore
    {
        public async Task<TResult> RunAsync<TResult>(Func<ITransaction, ValueTask<TResult>> operation, CancellationToken cancellationToken = default)
        {
            User? owner = null;
            var result = await store.RunAsync(tx => operation(new NotesRider(tx, rider => owner = rider)), cancellationToken);
            return result is SeenEvent { Reason: not null } swipe && owner is not null ? (TResult)(object)(swipe with { BalanceFen = owner.BalanceFen }) : result;
        }
    }

    private sealed class NotesRider(ITransaction tx, Action<User> note) : BuggyTransaction(tx)
    {
        protected override object? Read(string key, object? entity)
        {
            if (entity is User user)
                note(user);
            return entity;
        }
    }
}
