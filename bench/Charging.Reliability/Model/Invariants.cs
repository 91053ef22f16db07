using Charging.Device.V1;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Charging.Reliability.Model;

/// <summary>
/// The invariants of a journey that has come to its end, one in each method. What must hold at every moment too is in
/// <see cref="Books"/> and <see cref="Watch"/>.
/// </summary>
internal sealed class Invariants(World world, Books books)
{
    /// <summary>What does not hold, of what must hold at every moment, in sentences.</summary>
    public static async Task<List<string>> AtAnyMomentAsync(World world, IServiceProvider services)
    {
        var store = services.GetRequiredService<IStore>();
        var faults = await MoneyCheck.FaultsAsync(store, world.Provider.Books);
        faults.AddRange(await ServerFindsFaultAsync(store));
        return faults;
    }

    /// <summary>Everything that does not hold at the end, in sentences.</summary>
    public static async Task<List<string>> FaultsAsync(World world, IServiceProvider services)
    {
        var books = await services.GetRequiredService<IStore>().RunAsync(Books.ReadAsync);
        var invariants = new Invariants(world, books);
        return
        [
            .. invariants.ChargeCostNothing(), .. invariants.ChargeWasEndedByNobody(), .. invariants.RecordIsNotJudged(), .. await invariants.LimitIsExceededAsync(services),
            .. books.TopUpIsCreditedTwice(), .. invariants.CreditWasLost(),
            .. books.DebitHasNotOneOrder(), .. invariants.SwipeWasDebitedTwice(),
            .. books.RefundsExceedPayment(), .. books.BalanceIsBelowZero(), .. books.KeptBalanceDiffers(), .. books.DebtDiffers(), .. books.EndedOrderHoldsMoney(),
            .. books.EntryIsWrittenTwice(), .. books.ProviderHasOtherBooks(world.Provider.Books), .. invariants.ProviderAccountDiffers(),
            .. books.PlugHasTwoOrders(), .. invariants.StartIsObeyedTwice(),
            .. books.NothingIsDue(), .. invariants.OrderHasNotEnded(), .. invariants.PaidOrderDidNotChargeAndWasNotRefunded(),
            .. invariants.RiderWasToldOtherwise(), .. invariants.BalanceWasToldOtherwise(), .. invariants.PrepaidAmountDiffers(),
            .. invariants.ChargeWasStoppedByNobody(), .. invariants.RestWentElsewhere(), .. invariants.RecordWasLost(), .. books.ListHasGaps(), .. await invariants.RidersSeeWhatIsAnothersAsync(services),
            .. await ServerFindsFaultAsync(services.GetRequiredService<IStore>()),
        ];
    }

    /// <summary>The server's own check of its ledger finds nothing.</summary>
    private static async Task<List<string>> ServerFindsFaultAsync(IStore store)
    {
        var faults = new List<string>();
        await foreach (var progress in new LedgerCheck(store).RunAsync())
            faults.AddRange(progress.Findings.Select(finding => finding.Sentence));
        return faults;
    }

    /// <summary>Who was told that a top-up is credited has it.</summary>
    private IEnumerable<string> CreditWasLost() => world.Riders.SelectMany(rider => rider.TopUps)
        .Where(told => told.Codes.Contains(200) && books.TopUps.FirstOrDefault(topUp => topUp.No.ToString() == told.No) is not { State: TopUpState.Credited })
        .Select(told => $"Top-up {told.No} was answered 200, and is not credited.");

    /// <summary>A card that was held to a pile pays for one order at the most.</summary>
    private IEnumerable<string> SwipeWasDebitedTwice()
    {
        foreach (var rider in world.Riders)
        {
            foreach (var pile in world.Piles)
            {
                var orders = books.Orders.Count(order => order.CardNo == rider.Card && order.Plug.Device == pile.Device);
                if (orders > pile.Swipes.GetValueOrDefault(rider.Card))
                    yield return $"Card {rider.Card} was held to {pile.Device} {pile.Swipes.GetValueOrDefault(rider.Card)} times, and paid for {orders} orders.";
            }
        }
    }

    /// <summary>The ledger's account of the provider is what the provider has, payment by payment.</summary>
    private IEnumerable<string> ProviderAccountDiffers()
    {
        var provider = world.Provider.Books;
        if (-books.Sum(Ledger.Provider) != provider.Payments.Values.Sum() - provider.Refunds.Values.Sum())
            yield return $"The provider has {provider.Payments.Values.Sum()} fen less {provider.Refunds.Values.Sum()}, the ledger says {-books.Sum(Ledger.Provider)}.";
    }

    /// <summary>A start command is obeyed once.</summary>
    private IEnumerable<string> StartIsObeyedTwice() => world.Piles.SelectMany(pile => pile.Obeyed)
        .Where(start => start.Value > 1)
        .Select(start => $"The relay was closed {start.Value} times for {start.Key}.");

    private IEnumerable<string> OrderHasNotEnded() => books.Orders
        .Where(order => order.State is not (OrderState.Settled or OrderState.Refunded or OrderState.Cancelled or OrderState.Expired) || order.OwedFen > 0)
        .Select(order => $"Order {order.No} is {order.State} and owes {order.OwedFen} fen at the end.");

    private IEnumerable<string> PaidOrderDidNotChargeAndWasNotRefunded()
    {
        foreach (var order in books.Orders.Where(order => order.PaidFen > 0 && IsKnown(order)))
        {
            if (!PileOf(order).Obeyed.ContainsKey(order.No.ToString()) && order.RefundedFen != order.PaidFen + order.SurplusFen)
                yield return $"Order {order.No} was paid {order.PaidFen} fen and never charged, and {order.RefundedFen} went back.";
        }
    }

    /// <summary>An order that a rider was told of is there, and came out as the rider was told.</summary>
    private IEnumerable<string> RiderWasToldOtherwise()
    {
        foreach (var told in world.Riders.SelectMany(rider => rider.Orders))
        {
            if (books.Orders.FirstOrDefault(order => order.No.ToString() == told.No) is not { } order)
                yield return $"Order {told.No} was reserved, and is gone.";
            else if (told.Codes.Any(code => code is 3004 or 4000) && (order.PaidFen == 0 || order.RefundedFen != order.PaidFen + order.SurplusFen))
                yield return $"Order {told.No} was answered {string.Join(", ", told.Codes)}, and {order.RefundedFen} of {order.PaidFen} fen went back.";
            else if ((told.Codes.Contains(200) || told.FromBalance.Any(call => call.Code == 200)) && IsKnown(order) && !PileOf(order).Obeyed.ContainsKey(told.No))
                yield return $"Order {told.No} was answered 200, and never charged.";
            else if (told.Codes.Contains(200) && told.Codes.Any(code => code is 3004 or 4000))
                yield return $"Order {told.No} was answered {string.Join(", ", told.Codes)}.";
        }
    }

    /// <summary>
    /// What was paid from the balance was debited once, and where nothing was given for it, it came back. An order that the
    /// provider was paid for takes no debit, and simply goes on.
    /// </summary>
    private IEnumerable<string> BalanceWasToldOtherwise()
    {
        foreach (var told in world.Riders.SelectMany(rider => rider.Orders).Where(told => told.FromBalance.Count > 0))
        {
            if (books.Orders.FirstOrDefault(order => order.No.ToString() == told.No) is not { } order)
                continue;
            var answers = string.Join(", ", told.FromBalance);
            var debits = books.Entries.Where(entry => entry.From == Ledger.Balance(order.UserId) && entry.To == Ledger.Hold(order.No)).ToList();
            var isDebited = order.Tag == OrderTag.Balance;
            if (told.FromBalance.Any(call => call.Code == 200 && call.Fen != order.PaidFen) || debits.Count != (isDebited ? 1 : 0) || (isDebited && debits[0].AmountFen != order.PaidFen))
                yield return $"Order {told.No} by {order.Tag} of {order.PaidFen} fen was answered {answers} from the balance, with {debits.Count} debits.";
            else if (isDebited && told.FromBalance.All(call => call.Code is 403 or 3007))
                yield return $"Order {told.No} was answered {answers} from the balance, and was debited.";
            else if (isDebited && !told.FromBalance.Any(call => call.Code is 200 or 5000 or 0) && order.RefundedFen != order.PaidFen + order.SurplusFen)
                yield return $"Order {told.No} was answered {answers} from the balance, and {order.RefundedFen} of {order.PaidFen} fen went back.";
        }
    }

    /// <summary>The amount that a payment was made with stays.</summary>
    private IEnumerable<string> PrepaidAmountDiffers()
    {
        foreach (var told in world.Riders.SelectMany(rider => rider.Orders.Concat(rider.TopUps)).Where(told => told.Prepaid.Count > 0))
        {
            var prepaid = books.Orders.FirstOrDefault(order => order.No.ToString() == told.No)?.PrepaidFen ?? books.TopUps.FirstOrDefault(topUp => topUp.No.ToString() == told.No)?.PrepaidFen;
            if (told.Prepaid.Any(fen => fen != prepaid))
                yield return $"{told.No} was prepaid with {string.Join(", ", told.Prepaid)} fen, and is fixed at {prepaid}.";
        }
    }

    /// <summary>A charge that was stopped before its time is one whose rider wanted that.</summary>
    private IEnumerable<string> ChargeWasStoppedByNobody() => books.Orders
        .Where(order => order is { State: OrderState.Settled, EndReason: EndReason.RemoteStop, LostAt: null } && order.Seconds < order.MaxSeconds && IsKnown(order)
            && !world.Riders.Any(rider => rider.Caller?.UserId == order.UserId && rider.Stops.ContainsKey(order.No.ToString())))
        .Select(order => $"Order {order.No} was stopped after {order.Seconds} of {order.MaxSeconds} s, and its rider has not asked for that.");

    /// <summary>What a charge did not use goes back to where it came from, and what was paid twice to the provider.</summary>
    private IEnumerable<string> RestWentElsewhere()
    {
        foreach (var order in books.Orders.Where(order => order.State == OrderState.Settled))
        {
            // What is owed was sent back before it was known to have been used.
            var rest = order.PaidFen - order.Usage().Fen + (order.Debt?.Fen ?? 0);
            var (toBalance, toProvider) = order.Tag == OrderTag.Phone ? (0, rest) : (rest, order.SurplusFen);
            var balance = books.Entries.Where(entry => entry.From == Ledger.Hold(order.No) && entry.To == Ledger.Balance(order.UserId)).Sum(entry => entry.AmountFen);
            var provider = world.Provider.SentBack(order.No.ToString());
            if ((balance, provider) != (toBalance, toProvider))
                yield return $"Order {order.No} by {order.Tag} leaves {rest} of {order.PaidFen} fen, of which {balance} went to the balance and {provider} to the provider.";
        }
    }

    /// <summary>An end record that was acknowledged is what the charge is settled by; where it was taken for lost before, the record is kept at least.</summary>
    private IEnumerable<string> RecordWasLost()
    {
        foreach (var order in books.Orders.Where(order => order.State == OrderState.Settled))
        {
            var records = RecordsOf(order);
            if (records.Any(record => record.RaisedAt >= order.PaidAt) && !records.Any(record => order.Seconds == record.Seconds || (IsKept(order) && order.Reported?.Seconds == record.Seconds)))
                yield return $"Order {order.No} charged {string.Join(" or ", records.Select(record => record.Seconds))} s, which was acknowledged, and {order.Seconds} are written down.";
        }
    }

    /// <summary>Who got anything pays something.</summary>
    private IEnumerable<string> ChargeCostNothing() => books.Orders
        .Where(order => order is { State: OrderState.Settled, Seconds: > 0 } && order.UsedFen + (order.Debt?.Fen ?? 0) == 0)
        .Select(order => $"Order {order.No} has charged {order.Seconds} s, and costs nothing.");

    /// <summary>A charge ends by a record of its own pile, or because that has none.</summary>
    private IEnumerable<string> ChargeWasEndedByNobody() => books.Orders
        .Where(order => order is { State: OrderState.Settled, LostAt: null } && !PileOf(order).Ended.Contains((order.No.ToString(), order.Plug.Number)))
        .Select(order => $"Order {order.No} is over, and {order.Plug} has not said so.");

    /// <summary>A record that cannot be waits for an operator, and so does one that came after its charge was given up. No honest pile is suspected.</summary>
    private IEnumerable<string> RecordIsNotJudged()
    {
        foreach (var order in books.Orders.Where(order => order.State == OrderState.Settled))
        {
            if (order.Trouble == Order.ImpossibleRecord && !PileOf(order).IsHostile)
                yield return $"Order {order.No} is in trouble for {order.Reported}, and its pile is honest.";
            // What was said before the payment may have been heard before it too, and ends nothing.
            var records = RecordsOf(order);
            if (!records.Any(record => record.RaisedAt >= order.PaidAt))
                continue;
            if (order.Trouble != Order.ImpossibleRecord && records.All(record => record.Seconds > (record.AcknowledgedAt - order.PaidAt)?.TotalSeconds + 60))
                yield return $"Order {order.No} was ended by {string.Join(" or ", records.Select(record => record.Seconds))} s, which cannot be, and is not in trouble.";
            if (order.LostAt is not null && (order.LateRecordAt is null || order.Trouble is not (Order.LostCharged or Order.ImpossibleRecord)))
                yield return $"Order {order.No} was lost, an end record was acknowledged, and its trouble is {order.Trouble}.";
        }
    }

    /// <summary>What a pile may ask about cards in a minute, and a card may pay in an hour.</summary>
    private async Task<List<string>> LimitIsExceededAsync(IServiceProvider services)
    {
        var swipes = new List<SeenEvent>();
        await foreach (var seen in services.GetRequiredService<IStore>().ScanAsync(PileTables.SeenEvents.ByKey, CancellationToken.None))
        {
            if (seen.Reason is not null)
                swipes.Add(seen);
        }
        var refused = swipes.Where(seen => !seen.Accepted && seen.Reason is not (CardReason.TooOld or CardReason.TooManyRefused)).GroupBy(seen => seen.Device)
            .Where(pile => MostWithin(TimeSpan.FromMinutes(1), pile.Select(seen => seen.At)) > ModelLimits.RefusedSwipes)
            .Select(pile => $"{pile.Key} was told of more than {ModelLimits.RefusedSwipes} cards in a minute.");
        // A card that its rider takes off and binds again begins anew.
        var paid = world.Riders.Where(rider => !rider.HasUnbound)
            .Where(rider => MostWithin(TimeSpan.FromHours(1), books.Orders.Where(order => order.CardNo == rider.Card).Select(order => order.CreatedAt)) > ModelLimits.CardSwipesPerHour)
            .Select(rider => $"Card {rider.Card} has paid for more than {ModelLimits.CardSwipesPerHour} charges in an hour.");
        return [.. refused, .. paid];
    }

    /// <summary>The most in any window; one begins with the first that is in none.</summary>
    private static int MostWithin(TimeSpan window, IEnumerable<DateTimeOffset> times)
    {
        var (most, count, since) = (0, 0, DateTimeOffset.MinValue);
        foreach (var at in times.Order())
        {
            (count, since) = at - since < window ? (count + 1, since) : (1, at);
            most = Math.Max(most, count);
        }
        return most;
    }

    /// <summary>Whether an end record is kept with an order and has not settled it.</summary>
    private static bool IsKept(Order order) => order.LateRecordAt is not null || order.Trouble == Order.ImpossibleRecord;

    private List<ModelRecord> RecordsOf(Order order) => PileOf(order).Recorded.GetValueOrDefault((order.No.ToString(), order.Plug.Number), []);

    /// <summary>A rider sees the own orders and cards, and no others.</summary>
    private async Task<List<string>> RidersSeeWhatIsAnothersAsync(IServiceProvider services)
    {
        var faults = new List<string>();
        foreach (var rider in world.Riders.Where(rider => rider.Caller is not null))
        {
            var seen = await RiderCalls.ListAsync(services, rider.Caller!);
            var own = books.Orders.Where(order => order.UserId == rider.Caller!.UserId && order.ListNumber > 0).OrderByDescending(order => order.ListNumber).Select(order => order.No.ToString());
            if (!seen.SequenceEqual(own))
                faults.Add($"{rider.Name} sees {string.Join(", ", seen)}.");
            if ((await RiderCalls.CardsAsync(services, rider.Caller!)).Any(card => card != rider.Card))
                faults.Add($"{rider.Name} has another's card.");
            faults.AddRange(rider.Orders
                .Where(told => books.Orders.FirstOrDefault(order => order.No.ToString() == told.No) is { } order && order.UserId != rider.Caller!.UserId)
                .Select(told => $"{rider.Name} was given {told.No}, which is another's."));
        }
        return faults;
    }

    private ModelPile PileOf(Order order) => world.Piles.Single(pile => pile.Device == order.Plug.Device);

    /// <summary>Whether what the pile did is the truth: it never lied about the plug or forgot what it did.</summary>
    private bool IsKnown(Order order) => !PileOf(order).LiedAbout.Contains(order.Plug.Number);
}
