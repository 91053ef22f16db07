using Charging.MqttBroker;
using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>What keeps a rider from a plug that is free.</summary>
public enum RiderLimit
{
    /// <summary>Too many reservations of the plug ended unpaid: for some minutes it is for others.</summary>
    UnpaidPlug,

    /// <summary>Too many reservations ended unpaid in an hour.</summary>
    UnpaidOrders,

    /// <summary>Too many orders of the plug were paid in an hour.</summary>
    PlugStarts,

    /// <summary>Too many orders have their plugs.</summary>
    LiveOrders,
}

/// <summary>What one rider may have at once and begin in an hour. It is kept with the rider, so that it holds on all nodes and after a restart.</summary>
public sealed class RiderLimits(OrderOptions options, RateLimits limits)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly Dictionary<string, LimitLog> _logs = new (RiderLimit Limit, int Max, TimeSpan? Window)[]
    {
        (RiderLimit.UnpaidPlug, PlugHour.MaxUnpaid, PlugHour.UnpaidWindow),
        (RiderLimit.UnpaidOrders, options.MaxUnpaidPerHour, Hour),
        (RiderLimit.PlugStarts, options.MaxStartsPerPlugAndHour, Hour),
        (RiderLimit.LiveOrders, options.MaxLiveOrders, null),
    }.ToDictionary(it => NameOf(it.Limit)!, it => limits.CreateLog(NameOf(it.Limit)!, it.Max, it.Window));

    /// <summary>What a limit is counted and logged under; null for none.</summary>
    public static string? NameOf(RiderLimit? limit) => limit switch
    {
        RiderLimit.UnpaidPlug => "unpaid-plug",
        RiderLimit.UnpaidOrders => "unpaid-orders",
        RiderLimit.PlugStarts => "plug-starts",
        RiderLimit.LiveOrders => "live-orders",
        _ => null,
    };

    /// <summary>What keeps a rider from reserving a plug; null when nothing does.</summary>
    public async ValueTask<RiderLimit?> OfReservationAsync(ITransaction tx, User user, PlugId plug)
    {
        if (user.LastHour?.At(plug).IsKeptOff(tx.Now) is true)
            return RiderLimit.UnpaidPlug;
        if (user.LastHour?.Unpaid.At(tx.Now) >= options.MaxUnpaidPerHour)
            return RiderLimit.UnpaidOrders;
        // The order that is not paid is left for the new one.
        return await OfStartAsync(tx, user with { LiveOrders = user.LiveOrders?.Where(no => no != user.UnpaidOrderNo).ToList() }, plug);
    }

    /// <summary>What keeps a rider from a charge that is paid at once, or that was left before; null when nothing does.</summary>
    public async ValueTask<RiderLimit?> OfStartAsync(ITransaction tx, User user, PlugId plug)
    {
        if (user.LastHour?.At(plug).Starts.At(tx.Now) >= options.MaxStartsPerPlugAndHour)
            return RiderLimit.PlugStarts;
        return (await LiveAsync(tx, user)).Count >= options.MaxLiveOrders ? RiderLimit.LiveOrders : null;
    }

    /// <summary>A rider who has one more order.</summary>
    public async ValueTask<User> AddAsync(ITransaction tx, User user, OrderNo orderNo) =>
        user.LiveOrders?.Contains(orderNo.ToString()) is true ? user : user with { LiveOrders = [.. await LiveAsync(tx, user), orderNo.ToString()] };

    /// <summary>A rider whose order of a plug was paid, and has the plug.</summary>
    public async ValueTask<User> StartAsync(ITransaction tx, User user, PlugId plug, OrderNo orderNo) =>
        await AddAsync(tx, user, orderNo) with { LastHour = (user.LastHour ?? RiderHour.Empty).Started(plug, tx.Now) };

    /// <summary>Counts and logs that a rider was refused, once it is so.</summary>
    public ResultCode Refuse(RiderLimit limit, long userId)
    {
        _logs[NameOf(limit)!].Refused($"user:{userId}");
        return limit == RiderLimit.UnpaidPlug ? ResultCode.PlugOccupied : ResultCode.InvalidArgument;
    }

    /// <summary>Counts and logs that a swipe was refused; false when the limit is none of a rider's.</summary>
    public bool TryRefuse(string limit, DeviceNo device)
    {
        var isOfRiders = _logs.TryGetValue(limit, out var log);
        log?.Refused($"a card at pile {device}");
        return isOfRiders;
    }

    /// <summary>Those of a rider's orders that may be live. They are looked up only when they would be too many.</summary>
    private async ValueTask<IReadOnlyList<string>> LiveAsync(ITransaction tx, User user)
    {
        if (user.LiveOrders is not { } known || known.Count < options.MaxLiveOrders)
            return user.LiveOrders ?? [];
        var live = new List<string>();
        foreach (var no in known)
        {
            if (await tx.GetAsync(OrderTables.Orders, no) is { IsLive: true })
                live.Add(no);
        }
        return live;
    }
}
