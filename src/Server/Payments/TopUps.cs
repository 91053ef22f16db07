using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Orders;
using Charging.Server.Storage;

namespace Charging.Server.Payments;

/// <summary>Where a top-up stands.</summary>
public enum TopUpState
{
    /// <summary>Not paid yet.</summary>
    Open,

    /// <summary>Closed unpaid. If it was paid all the same, it is credited.</summary>
    Closed,

    /// <summary>Paid and credited.</summary>
    Credited,

    /// <summary>Another amount was paid than was ordered: all of it goes back.</summary>
    Refunding,

    /// <summary>Another amount was paid than was ordered, and all of it went back.</summary>
    Refunded,
}

/// <summary>Money that a rider puts on the balance.</summary>
public sealed record TopUp
{
    /// <summary>The order number.</summary>
    public required OrderNo No { get; init; }

    /// <summary>The rider.</summary>
    public required long UserId { get; init; }

    /// <summary>How much, in fen.</summary>
    public required long AmountFen { get; init; }

    /// <summary>When it was made, UTC.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Where it stands.</summary>
    public TopUpState State { get; init; }

    /// <summary>Whether a payment was made for it, as <see cref="Order.PrepaidFen"/>.</summary>
    public long? PrepaidFen { get; init; }

    /// <summary>What was paid, in fen; 0 before.</summary>
    public long PaidFen { get; init; }

    /// <summary>What is owed to the rider and not yet sent back, in fen.</summary>
    public long OwedFen { get; init; }

    /// <summary>What went back, in fen.</summary>
    public long RefundedFen { get; init; }

    /// <summary>How many refunds were begun: the number of the newest.</summary>
    public int Refunds { get; init; }

    /// <summary>Why it waits for an operator; null when it does not.</summary>
    public string? Trouble { get; init; }

    /// <summary>The provider has sent back what was paid.</summary>
    public TopUp Repaid(long fen) => this with
    {
        OwedFen = OwedFen - fen,
        RefundedFen = RefundedFen + fen,
        State = OwedFen == fen ? TopUpState.Refunded : State,
        Trouble = OwedFen == fen ? null : Trouble,
    };

    /// <summary>Where top-ups are kept, by number.</summary>
    public static readonly Table<TopUp> Table = new("top_ups", StoreJson.Default.TopUp, topUp => topUp.No.ToString());

    /// <summary>The top-ups of each rider, by number.</summary>
    public static readonly Index<TopUp> ByRider = Table.Index("rider", topUp => $"{AccountTables.Key(topUp.UserId)} {topUp.No}");
}

/// <summary>A top-up as the rider names it.</summary>
/// <param name="Phone">The rider's own phone.</param>
/// <param name="Fen">The amount, in fen.</param>
/// <param name="OrderNo">The number; unset for a new one.</param>
public readonly record struct TopUpRequest(Phone Phone, long Fen, OrderNo OrderNo = default);

/// <summary>Top-ups of the balance (contract sections 9 and 10).</summary>
public sealed class TopUps(IStore store, PaymentCheck check, PaymentOptions options, RateLimits limits)
{
    private readonly RateLimit<long> _made = limits.Create<long>("top-ups", options.MaxTopUpsPerHour, TimeSpan.FromHours(1));

    /// <summary>
    /// Makes a top-up to be paid, and closes the rider's oldest if there are too many. 403 when the phone is not the caller's, or
    /// when as many were made in an hour as <see cref="PaymentOptions.MaxTopUpsPerHour"/> allows.
    /// </summary>
    public async Task<Result<OrderNo>> NewAsync(Caller caller, TopUpRequest request) => _made.TryTake(caller.UserId, $"rider {caller.UserId}")
        ? await MakeAsync(caller, request)
        : ResultCode.InvalidArgument;

    private Task<Result<OrderNo>> MakeAsync(Caller caller, TopUpRequest request) => store.RunAsync<Result<OrderNo>>(async tx =>
    {
        if (await FindOwnAsync(tx, caller, request.Phone) is not { } user)
            return ResultCode.InvalidArgument;
        var open = await CloseOldestAsync(tx, user);
        var topUp = new TopUp { No = await OrderNo.NextAsync(tx), UserId = caller.UserId, AmountFen = request.Fen, CreatedAt = tx.Now };
        tx.Put(TopUp.Table, topUp);
        tx.Put(DueRows.Table, CloseOf(topUp, tx.Now + options.TopUpLifetime));
        tx.Put(AccountTables.Users, user with { OpenTopUps = [.. open, topUp.No.ToString()] });
        return topUp.No;
    });

    /// <summary>
    /// Credits a top-up that the provider confirms, once; called again it is fine. 403 when phone, amount or order are
    /// not the caller's or not what was ordered, 订单未支付, 402 when the provider contradicts the order.
    /// </summary>
    public async Task<Result<Done>> AddAsync(Caller caller, TopUpRequest request, CancellationToken cancellationToken)
    {
        var known = await store.RunAsync(tx => FindAsync(tx, caller, request), cancellationToken);
        if (known is null)
            return ResultCode.InvalidArgument;
        if (known.State == TopUpState.Credited)
            return Done.Ok;
        if (known.State is TopUpState.Refunding or TopUpState.Refunded)
            return ResultCode.SystemError;
        var paid = await check.AskAsync(request.OrderNo.ToString(), request.Fen, known.PrepaidFen is not null, cancellationToken);
        if (!paid.IsOk)
            return paid.Code;
        return await store.RunAsync(tx => CreditAsync(tx, request.OrderNo.ToString(), paid.Value, options), CancellationToken.None);
    }

    /// <summary>
    /// The one effect of a top-up's payment, however it is learnt of; taken up again it changes nothing. What the rider owes is
    /// taken from the balance at once, where the operator wants that.
    /// </summary>
    /// <returns>402 when another amount was paid than was ordered; all of it then goes back.</returns>
    public static async ValueTask<Result<Done>> CreditAsync(ITransaction tx, string orderNo, long paidFen, PaymentOptions options)
    {
        if (await tx.GetAsync(TopUp.Table, orderNo) is not { } topUp)
            return ResultCode.InvalidArgument;
        if (topUp.State == TopUpState.Credited)
            return Done.Ok;
        if (topUp.State is TopUpState.Refunding or TopUpState.Refunded)
            return ResultCode.SystemError;
        tx.Done(DueKind.Close, orderNo);
        if (paidFen != topUp.AmountFen)
        {
            tx.Put(TopUp.Table, topUp with { State = TopUpState.Refunding, PaidFen = paidFen, OwedFen = paidFen, Refunds = 1 });
            await Ledger.OwePaymentAsync(tx, Payments.Refunds.Begin(tx, topUp.No, topUp.UserId, 1, paidFen, paidFen));
            return ResultCode.SystemError;
        }
        var user = await tx.GetAsync(AccountTables.Users, AccountTables.Key(topUp.UserId))
            ?? throw new InvalidOperationException($"The rider of top-up {orderNo} is gone.");
        user = await Ledger.CreditAsync(tx, topUp.No, user, paidFen);
        tx.Put(AccountTables.Users, options.CollectDebts ? await LateRecords.CollectAsync(tx, user) : user);
        tx.Put(TopUp.Table, topUp with { State = TopUpState.Credited, PaidFen = paidFen });
        return Done.Ok;
    }

    private static async ValueTask<TopUp?> FindAsync(ITransaction tx, Caller caller, TopUpRequest request) =>
        await FindOwnAsync(tx, caller, request.Phone) is not null
        && await tx.GetAsync(TopUp.Table, request.OrderNo.ToString()) is { } topUp
        && topUp.UserId == caller.UserId
        && topUp.AmountFen == request.Fen
            ? topUp
            : null;

    /// <summary>Makes room for one more open top-up.</summary>
    /// <returns>Those that stay open, oldest first.</returns>
    private async ValueTask<IEnumerable<string>> CloseOldestAsync(ITransaction tx, User user)
    {
        var open = new List<TopUp>();
        foreach (var no in user.OpenTopUps ?? [])
        {
            if (await tx.GetAsync(TopUp.Table, no) is { State: TopUpState.Open } topUp)
                open.Add(topUp);
        }
        var surplus = Math.Max(0, open.Count + 1 - options.MaxOpenTopUps);
        foreach (var oldest in open.Take(surplus))
        {
            tx.Put(TopUp.Table, oldest with { State = TopUpState.Closed });
            tx.Put(DueRows.Table, CloseOf(oldest, tx.Now));
        }
        return open.Skip(surplus).Select(topUp => topUp.No.ToString());
    }

    private static DueRow CloseOf(TopUp topUp, DateTimeOffset at) =>
        new() { Kind = DueKind.Close, Subject = topUp.No.ToString(), UserId = topUp.UserId, DueAt = at };

    /// <returns>The caller, if the phone is the caller's.</returns>
    private static async ValueTask<User?> FindOwnAsync(ITransaction tx, Caller caller, Phone phone) =>
        await tx.GetAsync(AccountTables.Users, AccountTables.Key(caller.UserId)) is { } user && user.Phone == phone ? user : null;
}
