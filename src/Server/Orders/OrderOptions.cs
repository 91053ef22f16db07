namespace Charging.Server.Orders;

/// <summary>Settings under `Charging:Orders`.</summary>
public sealed record OrderOptions
{
    /// <summary>How long a plug is kept for an unpaid order.</summary>
    public TimeSpan Reservation { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How long the start command waits for the pile, with one resend in the middle.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long stopCharging waits for the pile to end a charge.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The default tariff: the price of an hour, in fen.</summary>
    public int PricePerHourFen { get; init; } = 25;

    /// <summary>Longest charge, whatever was paid.</summary>
    public TimeSpan LongestCharge { get; init; } = TimeSpan.FromHours(12);

    /// <summary>What a card swipe pays, in fen.</summary>
    public int CardAmountFen { get; init; } = 100;

    /// <summary>Most that one payment may be, in fen.</summary>
    public int LimitFen { get; init; } = 100_000;

    /// <summary>Least that a charge may be paid with, in fen; 1 is no limit.</summary>
    public int MinPaymentFen { get; init; } = 1;

    /// <summary>How many orders of one rider may have a plug at once, paid or not.</summary>
    public int MaxLiveOrders { get; init; } = 4;

    /// <summary>How often one rider may begin to charge at one plug in an hour.</summary>
    public int MaxStartsPerPlugAndHour { get; init; } = 10;

    /// <summary>How many reservations of one rider may end unpaid in an hour before no more are made.</summary>
    public int MaxUnpaidPerHour { get; init; } = 10;

    /// <summary>How often in a second the store hears what the statuses of one pile say, and its alarms, each time of up to 16 plugs; more waits.</summary>
    public int MaxStatusChecksPerSecond { get; init; } = 10;

    /// <summary>How many end records of a pile that cannot be raise an alarm, on one day in Asia/Shanghai.</summary>
    public int ImpossibleRecordsForAlarm { get; init; } = 3;

    /// <summary>Whether that also pauses the pile, until an operator resumes it.</summary>
    public bool PausesForImpossibleRecords { get; init; }

    /// <summary>How long a caller waits for a start: the saga ends it at its time-out by itself, and that must be heard of.</summary>
    public TimeSpan LongestStart => StartTimeout + TimeSpan.FromSeconds(2);

    /// <summary>The tariff of a pile that has none of its own.</summary>
    public Tariff DefaultTariff => field ??= new Tariff
    {
        Name = Tariffs.Default,
        ElectricityFen = PricePerHourFen,
        LongestSeconds = (int)LongestCharge.TotalSeconds,
    };

    /// <summary>One sentence about the first setting that makes no sense; null when all do.</summary>
    public string? Complaint() => this switch
    {
        { Reservation.TotalSeconds: < 1 } => "Charging:Orders:Reservation is below a second: give a time such as 00:03:00.",
        { StartTimeout.TotalSeconds: < 1 } => "Charging:Orders:StartTimeout is below a second: give a time such as 00:00:10.",
        { StopTimeout.TotalSeconds: < 1 } => "Charging:Orders:StopTimeout is below a second: give a time such as 00:00:10.",
        { PricePerHourFen: < 1 } => "Charging:Orders:PricePerHourFen is below 1: give the price of an hour in fen, such as 25.",
        { LongestCharge.TotalSeconds: < 60 or > 172_800 } => "Charging:Orders:LongestCharge is not between a minute and two days: give a time such as 12:00:00.",
        { CardAmountFen: < 1 } => "Charging:Orders:CardAmountFen is below 1: give what a card swipe pays in fen, such as 100.",
        { MaxLiveOrders: < 1 or > 100 } => "Charging:Orders:MaxLiveOrders is not between 1 and 100: give how many orders a rider may have at once, such as 4.",
        { MaxStartsPerPlugAndHour: < 1 or > 1_000_000 } => "Charging:Orders:MaxStartsPerPlugAndHour is not between 1 and 1000000: give how often a rider may charge at one plug in an hour, such as 10.",
        { MaxUnpaidPerHour: < 1 or > 1_000_000 } => "Charging:Orders:MaxUnpaidPerHour is not between 1 and 1000000: give how many reservations a rider may leave in an hour, such as 10.",
        { LimitFen: < 1 or > 100_000_000 } => "Charging:Orders:LimitFen is not between 1 and 100000000: give the highest payment in fen, such as 100000.",
        _ when MinPaymentFen < 1 || MinPaymentFen > Math.Min(CardAmountFen, LimitFen) => "Charging:Orders:MinPaymentFen is not between 1 and both CardAmountFen and LimitFen: give the smallest payment for a charge in fen, such as 50.",
        { MaxStatusChecksPerSecond: < 1 or > 1000 } => "Charging:Orders:MaxStatusChecksPerSecond is not between 1 and 1000: give a number such as 10.",
        { ImpossibleRecordsForAlarm: < 1 or > 1000 } => "Charging:Orders:ImpossibleRecordsForAlarm is not between 1 and 1000: give how many end records that cannot be raise an alarm on a day, such as 3.",
        _ => null,
    };
}
