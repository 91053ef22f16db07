using System.Globalization;
using Charging.MqttBroker;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>What a pile did in some time.</summary>
public abstract record Figures
{
    /// <summary>Charges that were settled.</summary>
    public long Orders { get; init; }

    /// <summary>Paid orders that did not charge.</summary>
    public long FailedStarts { get; init; }

    /// <summary>Energy, in watt-hours.</summary>
    public long EnergyWh { get; init; }

    /// <summary>Time of charging, in seconds.</summary>
    public long Seconds { get; init; }

    /// <summary>What was paid for the charges that were settled, in fen.</summary>
    public long PaidFen { get; init; }

    /// <summary>What was earned, in fen.</summary>
    public long RevenueFen { get; init; }

    /// <summary>What operators gave back of what was earned, in fen.</summary>
    public long WaivedFen { get; init; }
}

/// <summary>What a pile did in an hour of a day.</summary>
public sealed record HourFigures : Figures
{
    /// <summary>The hour in Asia/Shanghai, 0 to 23.</summary>
    public required int Hour { get; init; }
}

/// <summary>
/// What a pile did on a day. Written in the transaction that settles the order, which writes its plug too: so nobody fights
/// for the row who does not share the pile already. The hours are in the row, so they cost no write of their own.
/// </summary>
public sealed record DayFigures : Figures
{
    /// <summary>The day in Asia/Shanghai, `yyyy-MM-dd`.</summary>
    public required string Day { get; init; }

    /// <summary>The pile.</summary>
    public required DeviceNo Device { get; init; }

    /// <summary>The hours in which anything happened, in order. Null in rows that were last written before there were any.</summary>
    public IReadOnlyList<HourFigures>? Hours { get; init; }

    /// <summary>Figures by day, then pile.</summary>
    public static readonly Table<DayFigures> Table = new("day_figures", StoreJson.Default.DayFigures, figures => KeyOf(figures.Day, figures.Device));

    /// <summary>The key of a pile's day.</summary>
    public static string KeyOf(string day, DeviceNo device) => $"{day} {device}";

    /// <summary>The day of an instant.</summary>
    public static string DayOf(DateTimeOffset instant) => Shanghai.At(instant).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>A charge was settled.</summary>
    public static ValueTask SettledAsync(ITransaction tx, Order order) => AddAsync(tx, order, figures => figures with
    {
        Orders = figures.Orders + 1,
        EnergyWh = figures.EnergyWh + order.EnergyWh,
        Seconds = figures.Seconds + order.Seconds,
        PaidFen = figures.PaidFen + order.PaidFen,
        RevenueFen = figures.RevenueFen + order.UsedFen,
    });

    /// <summary>A charge that was settled turns out to have been another.</summary>
    public static ValueTask CorrectedAsync(ITransaction tx, Order before, Order after) => AddAsync(tx, after, figures => figures with
    {
        EnergyWh = figures.EnergyWh + after.EnergyWh - before.EnergyWh,
        Seconds = figures.Seconds + after.Seconds - before.Seconds,
    });

    /// <summary>Something that was owed for a charge was collected.</summary>
    public static ValueTask CollectedAsync(ITransaction tx, Order order, long fen) => AddAsync(tx, order, figures => figures with { RevenueFen = figures.RevenueFen + fen });

    /// <summary>A paid order did not charge.</summary>
    public static ValueTask FailedAsync(ITransaction tx, Order order) => AddAsync(tx, order, figures => figures with { FailedStarts = figures.FailedStarts + 1 });

    /// <summary>An operator gave back what was earned.</summary>
    public static ValueTask WaivedAsync(ITransaction tx, Order order, long fen) => AddAsync(tx, order, figures => figures with { WaivedFen = figures.WaivedFen + fen });

    private static async ValueTask AddAsync(ITransaction tx, Order order, Func<Figures, Figures> add)
    {
        var (day, device) = (DayOf(tx.Now), order.Plug.Device);
        var figures = await tx.GetAsync(Table, KeyOf(day, device)) ?? new DayFigures { Day = day, Device = device };
        tx.Put(Table, (DayFigures)add(figures) with { Hours = AddTo(figures.Hours ?? [], Shanghai.At(tx.Now).Hour, add) });
    }

    private static List<HourFigures> AddTo(IReadOnlyList<HourFigures> hours, int hour, Func<Figures, Figures> add)
    {
        var figures = hours.FirstOrDefault(it => it.Hour == hour) ?? new HourFigures { Hour = hour };
        return [.. hours.Where(it => it.Hour != hour).Append((HourFigures)add(figures)).OrderBy(it => it.Hour)];
    }
}
