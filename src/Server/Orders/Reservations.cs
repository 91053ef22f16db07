using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>A plug of a registered pile, with its spelling.</summary>
/// <param name="Id">The plug.</param>
/// <param name="Text">As the pile writes it.</param>
public readonly record struct NamedPlug(PlugId Id, string Text);

/// <summary>Keeping a plug for a rider who is about to pay, and letting it go again (contract sections 6 and 8).</summary>
public sealed class Reservations(IStore store, PileStates piles, PileRegistry registry, Board board, Tariffs tariffs, RiderLimits limits, OrderOptions options) : IDueHandler
{
    /// <inheritdoc/>
    public DueKind Kind => DueKind.Expire;

    /// <summary>
    /// Reserves a plug. Asked again by the same rider: the same order, the time not extended. An older unpaid
    /// reservation of the rider is released.
    /// </summary>
    /// <returns>The order number, or 3004, 3005, 3001, and 403 when the rider has reached a limit.</returns>
    public async Task<Result<OrderNo>> ReserveAsync(Caller caller, NamedPlug plug)
    {
        if (!board.IsOnline(plug.Id.Device))
            return ResultCode.PileOffline;
        var sensed = piles.Sensed(plug.Id);
        if (sensed == PlugView.Fault)
            return ResultCode.PlugFault;
        var (reserved, limit) = await store.RunAsync(tx => ReserveAsync(tx, caller.UserId, plug, sensed));
        return limit is { } reached ? limits.Refuse(reached, caller.UserId) : reserved;
    }

    /// <summary>Cancels the caller's unpaid order on a plug; there being none is fine.</summary>
    public Task<Result<Done>> CancelAsync(Caller caller, PlugId plug) => store.RunAsync(async tx =>
    {
        if (await tx.GetAsync(OrderTables.BusyPlugs, plug.ToString()) is { Until: not null } busy && busy.UserId == caller.UserId)
            await ReleaseAsync(tx, busy.OrderNo, OrderState.Cancelled);
        return Done.Ok;
    });

    /// <summary>The reservation has run out.</summary>
    public Task RunAsync(DueRow row, CancellationToken cancellationToken) => store.RunAsync(async tx =>
    {
        if (!await tx.HoldsAsync(row))
            return false;
        tx.Done(DueKind.Expire, row.Subject);
        await ReleaseAsync(tx, OrderNo.Parse(row.Subject), OrderState.Expired);
        return true;
    }, cancellationToken);

    /// <summary>The machine's clock was set: the reservation lasts as long as it was promised.</summary>
    public async ValueTask MovedAsync(ITransaction tx, DueRow row)
    {
        if (await tx.GetAsync(OrderTables.Orders, row.Subject) is not { State: OrderState.Reserved } order)
            return;
        tx.Put(OrderTables.Orders, order with { ReservedUntil = row.DueAt });
        if (await tx.GetAsync(OrderTables.BusyPlugs, order.Plug.ToString()) is { } busy && busy.OrderNo == order.No)
            tx.Put(OrderTables.BusyPlugs, busy with { Until = row.DueAt });
    }

    /// <summary>
    /// Ends an unpaid order: its plug is free at once, and a due row closes it at the provider and sends back what was
    /// paid after all. Nothing happens to an order that is not reserved any more.
    /// </summary>
    public static async ValueTask ReleaseAsync(ITransaction tx, OrderNo orderNo, OrderState end)
    {
        if (await tx.GetAsync(OrderTables.Orders, orderNo.ToString()) is not { State: OrderState.Reserved } order)
            return;
        tx.Put(OrderTables.Orders, (end == OrderState.Expired ? order.Expire() : order.Cancel()) with { ReleasedAt = tx.Now });
        await FreeAsync(tx, order);
        if (await tx.GetAsync(AccountTables.Users, AccountTables.Key(order.UserId)) is { } user && user.UnpaidOrderNo == orderNo.ToString())
            tx.Put(AccountTables.Users, user with { UnpaidOrderNo = null, LastHour = (user.LastHour ?? RiderHour.Empty).LeftUnpaid(order.Plug, tx.Now) });
        tx.Done(DueKind.Expire, orderNo.ToString());
        tx.Put(DueRows.Table, new DueRow { Kind = DueKind.Close, Subject = orderNo.ToString(), UserId = order.UserId, DueAt = tx.Now });
    }

    /// <summary>Takes an order's plug from it, if it still has it.</summary>
    public static async ValueTask FreeAsync(ITransaction tx, Order order)
    {
        if (await tx.GetAsync(OrderTables.BusyPlugs, order.Plug.ToString()) is { } busy && busy.OrderNo == order.No)
            tx.Delete(OrderTables.BusyPlugs, order.Plug.ToString());
    }

    private async ValueTask<(Result<OrderNo> Reserved, RiderLimit? Limit)> ReserveAsync(ITransaction tx, long userId, NamedPlug plug, PlugView sensed)
    {
        await tx.ForeseeAsync((OrderTables.BusyPlugs, plug.Id.ToString()), (AccountTables.Users, AccountTables.Key(userId)));
        if (await tx.PauseOfAsync(plug.Id) is not null)
            return (ResultCode.PlugFault, null);
        var busy = await tx.GetAsync(OrderTables.BusyPlugs, plug.Id.ToString());
        if (busy is not null && busy.IsOver(tx.Now))
        {
            await ReleaseAsync(tx, busy.OrderNo, OrderState.Expired);
            busy = null;
        }
        if (busy is not null)
            return (busy.UserId == userId && busy.Until is not null ? busy.OrderNo : ResultCode.PlugOccupied, null);
        if (sensed == PlugView.Busy)
            return (ResultCode.PlugOccupied, null);

        if (await tx.GetAsync(AccountTables.Users, AccountTables.Key(userId)) is not { } user)
            return (ResultCode.Unauthenticated, null);
        if (await limits.OfReservationAsync(tx, user, plug.Id) is { } limit)
            return (ResultCode.InvalidArgument, limit);
        if (user.UnpaidOrderNo is { } older)
        {
            await ReleaseAsync(tx, OrderNo.Parse(older), OrderState.Cancelled);
            user = await tx.GetAsync(AccountTables.Users, AccountTables.Key(userId)) ?? user;
        }

        var pile = registry.Find(plug.Id.Device);
        var order = new Order
        {
            No = await OrderNo.NextAsync(tx),
            UserId = userId,
            Plug = plug.Id,
            PlugText = plug.Text,
            RatedPowerW = pile?.RatedPowerW,
            Tag = OrderTag.Phone,
            CreatedAt = tx.Now,
            ReservedUntil = tx.Now + options.Reservation,
            Tariff = await tariffs.OfAsync(tx, pile),
        };
        tx.Put(OrderTables.Orders, order);
        tx.Put(OrderTables.BusyPlugs, new BusyPlug { Plug = plug.Id, OrderNo = order.No, UserId = userId, Until = order.ReservedUntil });
        tx.Put(AccountTables.Users, await limits.AddAsync(tx, user, order.No) with { UnpaidOrderNo = order.No.ToString() });
        tx.Put(DueRows.Table, new DueRow { Kind = DueKind.Expire, Subject = order.No.ToString(), DueAt = order.ReservedUntil });
        return (order.No, null);
    }
}
