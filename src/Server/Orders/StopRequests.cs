using Charging.Server.Calls;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>A rider who wants a charge to end (stopCharging, beyond the document).</summary>
public sealed class StopRequests(IStore store, Board board, OrderOutcomes outcomes, OrderOptions options)
{
    /// <summary>
    /// Tells the pile to stop, and waits for the end of the charge. The stop stays due until the charge is over, whatever is
    /// answered: who wanted to stop and walked away must not pay until the limit because the link was down for a moment.
    /// </summary>
    /// <returns>
    /// Done when the charge is over, however it came to that; 403 for what is not the caller's or does not charge; 3004 when
    /// the pile is offline; 4005 when it has not ended the charge in time.
    /// </returns>
    public Task<Result<Done>> StopAsync(Caller caller, OrderNo orderNo, CancellationToken cancellationToken) =>
        outcomes.EndAsync(orderNo, () => AskAsync(caller, orderNo), options.StopTimeout, cancellationToken);

    private async Task<Result<Done>?> AskAsync(Caller caller, OrderNo orderNo)
    {
        var asked = await store.RunAsync(tx => AskAsync(tx, caller, orderNo), CancellationToken.None);
        if (!asked.IsOk)
            return asked.Code;
        if (asked.Value.StopOutcome() is { } over)
            return over;
        if (board.Reach(asked.Value.Plug.Device) == PileReach.Offline)
            return ResultCode.PileOffline;
        return null;
    }

    private static async ValueTask<Result<Order>> AskAsync(ITransaction tx, Caller caller, OrderNo orderNo)
    {
        if (await tx.GetAsync(OrderTables.Orders, orderNo.ToString()) is not { } order || order.UserId != caller.UserId)
            return ResultCode.InvalidArgument;
        if (order.State == OrderState.Charging)
            await Stops.RequestNowAsync(tx, order);
        return order;
    }
}
