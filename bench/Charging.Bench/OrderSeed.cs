using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Accounts;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Bench;

/// <summary>
/// A year of charges, written by the server's own moves: the order through all its states, its ledger entries, its place in
/// its rider's list, the figures of the day. Left out is what a server forgets or has done by then: events, due rows, plugs.
/// </summary>
/// <param name="store">Where they go; its clock tells when they were.</param>
/// <param name="orders">How many, a multiple of <see cref="Slice"/>.</param>
/// <param name="own">How many of them are of the rider that is measured, spread over the year.</param>
internal sealed class OrderSeed(IStore store, int orders, int own)
{
    /// <summary>Orders of one operation.</summary>
    public const int Slice = 200;

    /// <summary>The rider that is measured.</summary>
    public const long OwnId = 1;

    private const int Piles = 200;
    private const int PaidFen = 100;
    private const int EntriesOfAnOrder = 2;

    // Of every 10,000 orders a thousand other riders have ten each.
    private const int Block = 10_000;
    private const int RidersOfABlock = 1000;

    private const int InFlight = 32;

    private static readonly ChargeEnded End = new() { Seconds = 4 * 3600, EnergyWh = 800, MaxPowerW = 210, Reason = EndReason.LimitReached };

    private readonly Tariff _tariff = new OrderOptions().DefaultTariff;

    /// <summary>Up to where a server that ends now would have checked the ledger, and what it would have added up.</summary>
    public static LedgerMark Mark(int orders)
    {
        var seen = Math.Max(0, orders - LedgerGuard.EntriesBetween / EntriesOfAnOrder);
        return new LedgerMark { Number = seen * EntriesOfAnOrder, Totals = new LedgerTotals(ProviderFen: -seen * PaidFen, RevenueFen: seen * PaidFen) };
    }

    /// <summary>Writes them.</summary>
    public async Task RunAsync()
    {
        await store.RunAsync(tx => NewRiderAsync(tx));
        for (var pile = 0; pile < Piles; pile++)
            await store.RunAsync(tx => PileAdmin.RegisterAsync(tx, new NewPile(Device(pile), OrderLoad.PlugsOfAPile, PlugNumbers.Decimal)));
        for (var block = 0; block < orders; block += Block)
        {
            var riders = await store.RunAsync(NewRidersAsync);
            var slices = Enumerable.Range(0, Math.Min(Block, orders - block) / Slice).Select(slice => block + slice * Slice);
            foreach (var some in slices.Chunk(InFlight))
                await Task.WhenAll(some.Select(from => store.RunAsync(tx => WriteAsync(tx, from, riders))));
        }
    }

    /// <summary>Makes a rider, by the next number.</summary>
    public static async ValueTask<long> NewRiderAsync(ITransaction tx)
    {
        var id = await tx.NextNumberAsync("users");
        tx.Put(AccountTables.Users, new User { Id = id, Phone = Phone.Parse($"139{id:D8}"), WxName = $"rider{id}", RegisteredAt = tx.Now });
        return id;
    }

    private static DeviceNo Device(int pile) => DeviceNo.Parse($"{pile:X10}");

    private static async ValueTask<long[]> NewRidersAsync(ITransaction tx)
    {
        var riders = new long[RidersOfABlock];
        for (var i = 0; i < riders.Length; i++)
            riders[i] = await NewRiderAsync(tx);
        return riders;
    }

    private async ValueTask<bool> WriteAsync(ITransaction tx, int from, long[] riders)
    {
        for (var i = from; i < from + Slice; i++)
            await WriteAsync(tx, i, i % (orders / own) == 0 ? OwnId : riders[i % riders.Length]);
        return true;
    }

    private async ValueTask WriteAsync(ITransaction tx, int number, long userId)
    {
        var user = (await tx.GetAsync(AccountTables.Users, AccountTables.Key(userId)))!;
        user = user with { PaidOrders = user.PaidOrders + 1 };
        tx.Put(AccountTables.Users, user);
        var plug = new PlugId(Device(number % Piles), number / Piles % OrderLoad.PlugsOfAPile + 1);
        var began = tx.Now - TimeSpan.FromSeconds(End.Seconds);
        var order = new Order
        {
            No = await OrderNo.NextAsync(tx),
            UserId = userId,
            Plug = plug,
            PlugText = $"{plug.Number:D2}",
            Tag = OrderTag.Phone,
            CreatedAt = began,
            ReservedUntil = began + TimeSpan.FromMinutes(3),
            Tariff = _tariff,
        };
        order = await Ledger.HoldPaymentAsync(tx, order.Pay(PaidFen, user.PaidOrders, began), PaidFen);
        await Settlement.SettleAsync(tx, order.BeginStart().Started(began, began).End(End, tx.Now, tx.Now));
    }
}
