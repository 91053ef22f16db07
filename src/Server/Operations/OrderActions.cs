using Charging.Ops.V1;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Grpc.Core;
using Order = Charging.Server.Orders.Order;
using UnusedTo = Charging.Server.Orders.UnusedTo;

namespace Charging.Server.Operations;

/// <summary>What operators do to orders.</summary>
internal sealed class OrderActions(IStore store, Changes changes, Limits limits, Board board)
{
    /// <summary>Ends an order by force.</summary>
    public Task<Order> ForceEndAsync(ServerCallContext context, string orderNo, string reason) => ChangeAsync(context, orderNo, reason.ToReason(), async (tx, order) =>
    {
        await limits.EndAsync(tx, context.Operator(), order);
        var ended = await ForcedEnds.EndAsync(tx, order, board.Find(order.Plug.Device)?.Plug(order.Plug.Number)) ?? throw Refusal.Conflict($"Order {order.No} is over: it is {order.State}.");
        return new Made<Order>(ended, $"Was {order.State} and is {ended.State}; used {Yuan.Of(ended.UsedFen)} yuan of {Yuan.Of(ended.PaidFen)}.");
    });

    /// <summary>Gives back what a settled charge has used.</summary>
    public async Task<Order> RefundAsync(ServerCallContext context, RefundOrderRequest request)
    {
        var to = request.To switch
        {
            RefundTo.Unspecified or RefundTo.Origin => UnusedTo.Origin,
            RefundTo.Balance => UnusedTo.Balance,
            _ => throw Refusal.Invalid($"to is {(int)request.To}: give REFUND_TO_ORIGIN or REFUND_TO_BALANCE."),
        };
        if (request.All ? request.AmountFen != 0 : request.AmountFen < 1)
            throw Refusal.Invalid($"amount_fen is {request.AmountFen} and all is {(request.All ? "true" : "false")}: give at least 1 fen, or all for what is left.");
        var (number, who) = (request.OrderNo.ToOrderNo(), context.Operator());
        var deed = new Deed(OrderOpsMapping.Subject(number), request.Reason.ToReason(), request.RequestId.ToRequestId(), request.AmountFen);
        return await changes.MakeAsync(
            context,
            deed,
            async tx =>
            {
                var order = await KnownAsync(tx, number);
                var left = OperatorRefunds.Left(order);
                var fen = request.All ? left : request.AmountFen;
                if (order.State != Orders.OrderState.Settled)
                    throw Refusal.Conflict(WhyNotSettled(order));
                if (fen == 0 || fen > left)
                    throw Refusal.Of(StatusCode.FailedPrecondition, $"{Yuan.Of(left)} yuan are left to give back of the {Yuan.Of(order.UsedFen)} yuan that order {number} has used. What was not used goes back by itself.", Reasons.NotEnoughMoney);
                await limits.RefundAsync(tx, who, fen);
                order = await OperatorRefunds.GiveAsync(tx, order, fen, to);
                var goesToProvider = to == UnusedTo.Origin && order.Tag == Orders.OrderTag.Phone;
                return new Made<Order>(order, goesToProvider ? $"{Yuan.Of(fen)} yuan go back through the payment provider." : $"{Yuan.Of(fen)} yuan go back to the balance.");
            },
            tx => KnownAsync(tx, number));
    }

    /// <summary>Does now what waits for its next try.</summary>
    public async Task<(Order Order, IReadOnlyList<DueKind> Kinds)> RetryAsync(ServerCallContext context, string orderNo, string reason)
    {
        IReadOnlyList<DueKind> kinds = [];
        var order = await ChangeAsync(context, orderNo, reason.ToAnyReason(), async (tx, order) =>
        {
            kinds = await OrderRetries.NowAsync(tx, order);
            var all = string.Join(", ", kinds);
            return new Made<Order>(order, kinds.Count == 0 ? "Nothing waits for another try." : $"Tried again: {all}.");
        });
        return (order, kinds);
    }

    /// <summary>Takes an order off the list of those in trouble, and gives up what its rider still owes for it where that is wanted.</summary>
    public Task<Order> ResolveAsync(ServerCallContext context, ResolveOrderRequest request) =>
        request.ForgiveDebt ? ForgiveAsync(context, request) : ResolveAsync(context, request.OrderNo, request.Reason);

    /// <summary>An order.</summary>
    public Task<Order> FindAsync(OrderNo number) => store.RunAsync(tx => KnownAsync(tx, number));

    private Task<Order> ResolveAsync(ServerCallContext context, string orderNo, string reason) => ChangeAsync(context, orderNo, reason.ToReason(), (tx, order) =>
    {
        if (order.Trouble is null)
            throw Refusal.Conflict($"Order {order.No} is not in trouble.");
        var resolved = order.Resolve();
        tx.Put(OrderTables.Orders, resolved);
        return ValueTask.FromResult(new Made<Order>(resolved, $"Was in trouble: {order.Trouble}."));
    });

    private Task<Order> ForgiveAsync(ServerCallContext context, ResolveOrderRequest request) => ChangeAsync(context, request.OrderNo, request.Reason.ToReason(), async (tx, order) =>
    {
        if (order.Debt is not { LeftFen: > 0 and var left })
            throw Refusal.Conflict($"Nothing is owed for order {order.No}.");
        await limits.RefundAsync(tx, context.Operator(), left);
        var resolved = (await LateRecords.ForgiveAsync(tx, order)).Resolve();
        tx.Put(OrderTables.Orders, resolved);
        return new Made<Order>(resolved, $"{Yuan.Of(left)} yuan are owed no more.");
    });

    private Task<Order> ChangeAsync(ServerCallContext context, string orderNo, string reason, Func<ITransaction, Order, ValueTask<Made<Order>>> change)
    {
        var number = orderNo.ToOrderNo();
        return changes.MakeAsync(context, new Deed(OrderOpsMapping.Subject(number), reason), async tx => await change(tx, await KnownAsync(tx, number)));
    }

    private static string WhyNotSettled(Order order) => order.State switch
    {
        Orders.OrderState.Cancelled or Orders.OrderState.Expired => $"Order {order.No} was not paid: there is nothing to give back.",
        Orders.OrderState.Refunding => $"All that was paid for order {order.No} goes back by itself already: there is nothing else to give back.",
        Orders.OrderState.Refunded => $"All that was paid for order {order.No} went back already: there is nothing else to give back.",
        _ => $"Order {order.No} is {order.State}: 'orders force-end' ends it, and what was not used goes back by itself. A refund is for what was used, once it is settled.",
    };

    private static async ValueTask<Order> KnownAsync(ITransaction tx, OrderNo number) =>
        (await tx.GetAsync(OrderTables.Orders, number.ToString())).OrNotFound($"There is no order {number}: 'orders list' shows the newest.");
}
