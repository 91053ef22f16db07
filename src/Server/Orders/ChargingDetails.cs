using Charging.Device.V1;
using Charging.Server.Calls;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>An order as it is now.</summary>
/// <param name="Order">With what the pile said last of the charge.</param>
/// <param name="State">Where it stands; a reservation that has run out is expired, although nobody has taken it away yet.</param>
/// <param name="PowerW">Power now, in watts; 0 when it does not charge or the pile is not heard.</param>
/// <param name="UsedFen">What it has used, in fen: so far, or in the end.</param>
public sealed record ChargingDetail(Order Order, OrderState State, int PowerW, long UsedFen);

/// <summary>Where an order stands, for its rider (getChargingDetail, beyond the document).</summary>
public sealed class ChargingDetails(IStore store, Board board)
{
    /// <summary>The caller's order. While it charges, the live values are the board's.</summary>
    /// <returns>403 when it is not the caller's.</returns>
    public async Task<Result<ChargingDetail>> FindAsync(Caller caller, OrderNo orderNo)
    {
        var (order, now) = await store.RunAsync(async tx =>
            await tx.GetAsync(OrderTables.Orders, orderNo.ToString()) is { } known ? (known, tx.NowOf(known)) : default);
        if (order is null || order.UserId != caller.UserId)
            return ResultCode.InvalidArgument;
        return order.State switch
        {
            OrderState.Charging => Live(order, now),
            OrderState.Reserved when order.ReservedUntil <= now => new ChargingDetail(order, OrderState.Expired, 0, 0),
            _ => new ChargingDetail(order, order.State, 0, order.UsedFen),
        };
    }

    private ChargingDetail Live(Order order, DateTimeOffset now)
    {
        var view = board.Find(order.Plug.Device);
        var powerW = 0;
        // A pile that does not name the order says nothing of it; what is stored is then the last that is known.
        if (view?.Plug(order.Plug.Number) is { } plug && plug.OrderNo == order.No.ToString())
        {
            order = order.Progress(Reading.Of(plug), now);
            powerW = board.IsOnline(view) ? Plausibility.Judge(order, Reading.Of(plug), now).PowerW ?? 0 : 0;
        }
        return new ChargingDetail(order, OrderState.Charging, powerW, order.Usage().Fen);
    }
}
