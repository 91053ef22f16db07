using Charging.Device.V1;
using Charging.Server.Calls;
using Charging.Server.Piles;

namespace Charging.Server.Orders;

/// <summary>Who pays (contract section 13).</summary>
public enum OrderTag
{
    /// <summary>A payment from the phone.</summary>
    Phone = 1,

    /// <summary>A card, from the balance of its owner.</summary>
    Card = 2,

    /// <summary>The balance, from the phone.</summary>
    Balance = 3,
}

/// <summary>What became of the start command (contract section 13).</summary>
public enum StartCommand
{
    /// <summary>Never sent.</summary>
    NeverSent = 0,

    /// <summary>Sent, no result yet.</summary>
    Sent = 1,

    /// <summary>Done: charging, or later.</summary>
    Done = 2,

    /// <summary>Failed.</summary>
    Failed = 3,
}

/// <summary>Why a paid order did not charge; decides what the caller is told.</summary>
public enum FailCause
{
    /// <summary>It did not fail.</summary>
    None,

    /// <summary>Rejected by the pile, not answered, or the plug was gone: 4000.</summary>
    Start,

    /// <summary>The pile was offline: 3004.</summary>
    Offline,

    /// <summary>Another amount was paid than the caller said: 403.</summary>
    Amount,
}

/// <summary>A charging order. It changes only by its own methods, and its state only by the moves of <see cref="OrderMoves"/>.</summary>
public sealed partial record Order
{
    /// <summary>What it is in trouble for when the pile no longer knew of the charge.</summary>
    public const string Lost = "LOST";

    /// <summary>What it is in trouble for when its end record came after the pile was taken to have lost it, or after the payment went back.</summary>
    public const string LostCharged = "LOST_CHARGED";

    /// <summary>What it is in trouble for when the pile's end record cannot be.</summary>
    public const string ImpossibleRecord = "IMPOSSIBLE_RECORD";

    /// <summary>The order number.</summary>
    public required OrderNo No { get; init; }

    /// <summary>The rider.</summary>
    public required long UserId { get; init; }

    /// <summary>The plug.</summary>
    public required PlugId Plug { get; init; }

    /// <summary>The plug as its pile wrote it when the order was made.</summary>
    public required string PlugText { get; init; }

    /// <summary>The most that the plug gives, in watts, when the order was made; null for <see cref="Pile.DefaultRatedPowerW"/>.</summary>
    public int? RatedPowerW { get; init; }

    /// <summary>Who pays.</summary>
    public required OrderTag Tag { get; init; }

    /// <summary>The card that pays, as first bound; null when none does.</summary>
    public string? CardNo { get; init; }

    /// <summary>When it was made, UTC.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Until when the plug is kept for the payment, UTC.</summary>
    public required DateTimeOffset ReservedUntil { get; init; }

    /// <summary>Where the order stands.</summary>
    public OrderState State { get; init; }

    /// <summary>The tariff, frozen when the order was made.</summary>
    public required Tariff Tariff { get; init; }

    /// <summary>The amount that was fixed for the payment, in fen (contract section 6, prepay); null when none was.</summary>
    public long? PrepaidFen { get; init; }

    /// <summary>What was paid, by the provider's word or from the balance, in fen.</summary>
    public long PaidFen { get; init; }

    /// <summary>What was paid to the provider beside the payment from the balance, in fen: paid twice, and all of it goes back.</summary>
    public long SurplusFen { get; init; }

    /// <summary>When the payment was learnt of, UTC.</summary>
    public DateTimeOffset? PaidAt { get; init; }

    /// <summary>Place in the rider's list, from 1; 0 while unpaid.</summary>
    public int ListNumber { get; init; }

    /// <summary>Money held for the order, in fen. Changed by the ledger alone; 0 once the order has ended.</summary>
    public long HoldFen { get; init; }

    /// <summary>Money that is owed to the rider and not yet sent back, in fen. Changed by the ledger alone.</summary>
    public long OwedFen { get; init; }

    /// <summary>Money that went back, in fen. Changed by the ledger alone.</summary>
    public long RefundedFen { get; init; }

    /// <summary>What the charge used, in fen, once it has ended.</summary>
    public long UsedFen { get; init; }

    /// <summary>How much of <see cref="UsedFen"/> is the service fee, in fen.</summary>
    public long ServiceFen { get; init; }

    /// <summary>What operators gave back of <see cref="UsedFen"/>, in fen; never more than that.</summary>
    public long WaivedFen { get; init; }

    /// <summary>How many refunds were begun: the number of the newest.</summary>
    public int Refunds { get; init; }

    /// <summary>Longest time of the charge, in seconds, fixed by the payment.</summary>
    public int MaxSeconds { get; init; }

    /// <summary>What became of the start command.</summary>
    public StartCommand StartCommand { get; init; }

    /// <summary>Why it failed.</summary>
    public FailCause Cause { get; init; }

    /// <summary>When the charge began, UTC.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>The boot of the pile in which it began; null before, and when the pile did not say it.</summary>
    public string? BootId { get; init; }

    /// <summary>When the charge ended, UTC.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When the charge was ended because the pile did not know of it any more, UTC; null when it was not.</summary>
    public DateTimeOffset? LostAt { get; init; }

    /// <summary>When an end record came that was too late to end the charge, UTC; null when none did.</summary>
    public DateTimeOffset? LateRecordAt { get; init; }

    /// <summary>What the rider owes for it by such a record; null for nothing.</summary>
    public Debt? Debt { get; init; }

    /// <summary>When the reservation ended unpaid, UTC; null when it did not.</summary>
    public DateTimeOffset? ReleasedAt { get; init; }

    /// <summary>How long it charged, in seconds: by the last progress, and by the end record once there is one.</summary>
    public int Seconds { get; init; }

    /// <summary>Energy delivered, in watt-hours, as <see cref="Seconds"/>.</summary>
    public int EnergyWh { get; init; }

    /// <summary>Highest power that two samples in a row have reached, in watts; with fewer samples, by the end record.</summary>
    public int MaxPowerW { get; init; }

    /// <summary>Power of the newest sample, in watts; null before the first.</summary>
    public int? PowerW { get; init; }

    /// <summary>What the pile said of the charge that cannot be, or came too late: its end record, else the first such status. Null when it never did.</summary>
    public Reading? Reported { get; init; }

    /// <summary>Why the charge ended, by the pile; unspecified when it was lost.</summary>
    public EndReason EndReason { get; init; }

    /// <summary>Whether the rider may be told of the end: whether there was a template for that when the start was sent.</summary>
    public bool NoticeWanted { get; init; }

    /// <summary>How many steps were written down of it (<see cref="OrderStep"/>).</summary>
    public int Steps { get; init; }

    /// <summary>Why the order waits in the operators' list; null when it does not.</summary>
    public string? Trouble { get; init; }

    /// <summary>Whether the pile never answered the start, so that the plug may yet be charging and stays busy.</summary>
    public bool IsUnconfirmed => State == OrderState.StartFailed;

    /// <summary>Whether the plug belongs to this order.</summary>
    public bool IsLive => OrderMoves.IsLive(State);

    /// <summary>
    /// The payment is there: Paid, with the amount and the time that it buys, and its place in the rider's list.
    /// Also revives an order that has expired or was cancelled.
    /// </summary>
    public Order Pay(long paidFen, int listNumber, DateTimeOffset now) =>
        Move(OrderState.Paid) with { PaidFen = paidFen, PaidAt = now, MaxSeconds = Tariff.Limits(paidFen).Seconds, ListNumber = listNumber };

    /// <summary>The start command is on its way.</summary>
    public Order BeginStart() => Move(OrderState.Starting) with { StartCommand = StartCommand.Sent };

    /// <summary>The pile charges.</summary>
    /// <param name="at">When it began, by the pile.</param>
    /// <param name="now">When the server learns of it.</param>
    /// <param name="bootId">The boot of the pile; empty or null when it is not known.</param>
    public Order Started(DateTimeOffset at, DateTimeOffset now, string? bootId = null) => Move(OrderState.Charging) with
    {
        StartCommand = StartCommand.Done,
        StartedAt = StartedAt ?? NotBeforeStart(Plausibility.IsPossible(this, at) ? at : now),
        BootId = string.IsNullOrEmpty(bootId) ? null : bootId,
    };

    /// <summary>The start failed. Unless it is refunded in the same stroke, the pile never answered and the plug stays busy.</summary>
    public Order FailStart(FailCause cause) =>
        Move(OrderState.StartFailed) with { StartCommand = StartCommand.Failed, Cause = cause };

    /// <summary>The reservation has run out.</summary>
    public Order Expire() => Move(OrderState.Expired);

    /// <summary>The rider has left the payment, or reserved another plug.</summary>
    public Order Cancel() => Move(OrderState.Cancelled);

    /// <summary>The whole payment goes back.</summary>
    public Order BeginRefund(FailCause cause) =>
        Move(OrderState.Refunding) with { Cause = Cause == FailCause.None ? cause : Cause };

    /// <summary>The whole payment went back.</summary>
    public Order Refunded() => Move(OrderState.Refunded);

    /// <summary>The provider has sent back a part of what is owed, or all.</summary>
    public Order Repaid(long fen)
    {
        var repaid = this with { OwedFen = OwedFen - fen, RefundedFen = RefundedFen + fen };
        if (repaid is { OwedFen: 0, Trouble: Payments.Refunds.Overdue or Payments.Refunds.Abnormal })
            repaid = repaid with { Trouble = null };
        return repaid is { OwedFen: 0, State: OrderState.Refunding } ? repaid.Refunded() : repaid;
    }

    /// <summary>The pile no longer knows of the charge and sent no end record: it ends with the last progress.</summary>
    public Order EndLost(DateTimeOffset at) => Move(OrderState.Ended) with { EndedAt = at, LostAt = at, Trouble = Lost };

    /// <summary>An operator has ended the charge: it ends with the last progress.</summary>
    public Order EndForced(DateTimeOffset at) => Move(OrderState.Ended) with { EndedAt = at };

    /// <summary>An operator has looked after it.</summary>
    public Order Resolve() => this with { Trouble = null };

    /// <summary>An operator gives back a part of what a settled charge has used, or all.</summary>
    public Order Waive(long fen) => State == OrderState.Settled && fen > 0 && fen <= UsedFen - WaivedFen
        ? this with { WaivedFen = WaivedFen + fen, Refunds = Refunds + 1 }
        : throw new InvalidOperationException($"Order {No} is {State}, and {UsedFen - WaivedFen} fen are left of it.");

    /// <summary>The money of the charge is accounted for.</summary>
    public Order Settle(Usage used) => Move(OrderState.Settled) with { UsedFen = used.Fen, ServiceFen = used.ServiceFen };

    /// <summary>What the caller of mobilePaymentCharging is told (contract section 7), or null while nobody knows yet.</summary>
    public Result<Done>? Outcome() => State switch
    {
        OrderState.Charging or OrderState.Ended or OrderState.Settled => Done.Ok,
        OrderState.StartFailed or OrderState.Refunding or OrderState.Refunded => Failure(),
        _ => default(Result<Done>?),
    };

    /// <summary>What the caller of stopCharging is told, or null while it charges. An order that never charged cannot be stopped.</summary>
    public Result<Done>? StopOutcome() => State switch
    {
        OrderState.Charging => default(Result<Done>?),
        OrderState.Ended or OrderState.Settled => Done.Ok,
        _ => ResultCode.InvalidArgument,
    };

    private Result<Done> Failure() => Cause switch
    {
        FailCause.Offline => ResultCode.PileOffline,
        FailCause.Amount => ResultCode.InvalidArgument,
        _ => ResultCode.StartFailed(No.ToString()),
    };

    private Order Move(OrderState next) => OrderMoves.IsLegal(State, next)
        ? this with { State = next }
        : throw new InvalidOperationException($"Order {No} cannot go from {State} to {next}.");
}
