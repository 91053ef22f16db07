using Charging.Device.V1;
using Charging.PileSimulator;
using Charging.Server.Accounts;
using Charging.Server.Orders;
using Charging.Server.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Charging.Testing;

/// <summary>Orders and top-ups of a rider to whom everything has happened, by what became of them.</summary>
/// <param name="TopUp">Credited.</param>
/// <param name="OpenTopUp">Not paid.</param>
/// <param name="Used">Paid from the phone, used in part.</param>
/// <param name="Refunded">Paid from the phone, and the pile did not start.</param>
/// <param name="ByCard">By card, used in part.</param>
/// <param name="CardRefunded">By card, and the pile did not start.</param>
/// <param name="Charging">Paid from the phone, and still charging.</param>
public sealed record MoneyHistory(string TopUp, string OpenTopUp, string Used, string Refunded, string ByCard, string CardRefunded, string Charging)
{
    private const string Card = "2577522B";

    /// <summary>Lives through it.</summary>
    public static async Task<MoneyHistory> LiveAsync(Stand stand)
    {
        var topUp = await stand.Rider.TopUpAsync(20);
        var openTopUp = (await stand.Rider.NewTopUpAsync(5)).Data!.Value.GetString()!;
        await stand.Rider.PostAsync("bindCard", new { body = new { cardNo = Card } });

        var used = await stand.BeginAsync(2);
        var byCard = await SwipeAsync(stand, 3);
        await stand.UntilAsync(byCard, OrderState.Charging);
        await stand.PassAsync(TimeSpan.FromMinutes(20));
        stand.Pile.BatteryFull(2);
        stand.Pile.BatteryFull(3);
        await stand.UntilAsync(used, OrderState.Settled);
        await stand.UntilAsync(byCard, OrderState.Settled);

        stand.Pile.Faults = new PileFaults { RejectStarts = RejectReason.PlugFault };
        var refunded = await stand.ReserveAsync(4);
        await stand.ChargeAsync(refunded, plug: 4);
        var cardRefunded = await SwipeAsync(stand, 5);
        await stand.UntilAsync(refunded, OrderState.Refunded);
        await stand.UntilAsync(cardRefunded, OrderState.Refunded);
        stand.Pile.Faults = new PileFaults();
        await Retry.Until("what was not used went back", async () => (await stand.OrderAsync(used)).OwedFen == 0);
        return new MoneyHistory(topUp, openTopUp, used, refunded, byCard, cardRefunded, await stand.BeginAsync(6));
    }

    /// <summary>Changes an entity behind the ledger's back, as a fault of the program or of the disk would.</summary>
    public static Task SpoilAsync<T>(Stand stand, Table<T> table, string key, Func<T, T> change)
        where T : class => stand.App.Services.GetRequiredService<IStore>().RunAsync(async tx =>
    {
        tx.Put(table, change(await tx.GetAsync(table, key) ?? throw new InvalidOperationException($"There is no {key}.")));
        return true;
    });

    /// <summary>Puts a fen on a rider's balance that nobody paid.</summary>
    public static Task SpoilBalanceAsync(Stand stand) =>
        SpoilAsync(stand, AccountTables.Users, AccountTables.Key(1), user => user with { BalanceFen = user.BalanceFen + 1 });

    private static async Task<string> SwipeAsync(Stand stand, int plug)
    {
        var decision = await stand.Pile.SwipeAsync(plug, Card);
        return decision.Accepted
            ? (await stand.NewestAsync()).GetProperty("orderNo").GetString()!
            : throw new InvalidOperationException($"The card was not taken: {decision.Reason}");
    }
}
