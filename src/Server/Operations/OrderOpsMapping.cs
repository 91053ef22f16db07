using Charging.Server.Accounts;
using Charging.Server.Orders;
using Charging.Server.Storage;
using Google.Protobuf.WellKnownTypes;

namespace Charging.Server.Operations;

/// <summary>Orders on the wire of the operators.</summary>
internal static class OrderOpsMapping
{
    /// <summary>An order number, or INVALID_ARGUMENT.</summary>
    public static OrderNo ToOrderNo(this string text) =>
        OrderNo.TryParse(text, out var number) ? number : throw Refusal.Invalid($"order_no '{Refusal.Shown(text)}' is no order number: give at most 32 letters and digits.");

    /// <summary>What a change is about.</summary>
    public static string Subject(OrderNo number) => $"order:{number}";

    /// <summary>Orders, with the phones of their riders.</summary>
    public static async Task<IEnumerable<Ops.V1.Order>> ToWireAsync(this IStore store, IReadOnlyList<Order> orders)
    {
        var phones = await store.PhonesAsync(orders.Select(order => order.UserId));
        return orders.Select(order => order.ToWire(phones[order.UserId]));
    }

    /// <summary>A state to search by, null for any, or INVALID_ARGUMENT.</summary>
    public static OrderState? ToDomain(this Ops.V1.OrderState state)
    {
        if (state == Ops.V1.OrderState.Unspecified)
            return null;
        var found = System.Enum.GetValues<OrderState>().Where(known => known.ToWire() == state).ToList();
        return found is [var only] ? only : throw Refusal.Invalid($"state is {(int)state}: give a value of OrderState.");
    }

    /// <summary>An order, and the phone of its rider.</summary>
    public static Ops.V1.Order ToWire(this Order order, Phone phone) => new()
    {
        OrderNo = order.No.ToString(),
        DeviceNo = order.Plug.Device.ToString(),
        PlugLabel = order.PlugText,
        Phone = phone.ToString(),
        Tag = order.Tag switch
        {
            OrderTag.Phone => Ops.V1.OrderTag.Phone,
            OrderTag.Card => Ops.V1.OrderTag.Card,
            _ => Ops.V1.OrderTag.Balance,
        },
        CardNo = order.CardNo ?? "",
        State = order.State.ToWire(),
        Trouble = order.Trouble ?? "",
        CreatedAt = order.CreatedAt.ToTimestamp(),
        ReservedUntil = order.ReservedUntil.ToTimestamp(),
        PaidAt = order.PaidAt?.ToTimestamp(),
        StartedAt = order.StartedAt?.ToTimestamp(),
        EndedAt = order.EndedAt?.ToTimestamp(),
        PaidFen = order.PaidFen,
        HoldFen = order.HoldFen,
        OwedFen = order.OwedFen,
        RefundedFen = order.RefundedFen,
        MaxSeconds = order.MaxSeconds,
        Seconds = order.Seconds,
        EnergyWh = order.EnergyWh,
        MaxPowerW = order.MaxPowerW,
        StartCommand = order.StartCommand switch
        {
            StartCommand.Sent => Ops.V1.StartCommand.Sent,
            StartCommand.Done => Ops.V1.StartCommand.Done,
            StartCommand.Failed => Ops.V1.StartCommand.Failed,
            _ => Ops.V1.StartCommand.Unspecified,
        },
        FailCause = order.Cause switch
        {
            FailCause.Start => Ops.V1.FailCause.Start,
            FailCause.Offline => Ops.V1.FailCause.Offline,
            FailCause.Amount => Ops.V1.FailCause.Amount,
            _ => Ops.V1.FailCause.Unspecified,
        },
        EndReason = order.EndReason,
        UsedFen = order.UsedFen,
        ServiceFen = order.ServiceFen,
        Tariff = order.Tariff.Name,
        SurplusFen = order.SurplusFen,
        WaivedFen = order.WaivedFen,
        Reported = order.Reported is { } said ? said.ToWire(order.ReportedUsage()!.Value.Fen) : null,
        LateRecordAt = order.LateRecordAt?.ToTimestamp(),
        DebtFen = order.Debt?.Fen ?? 0,
        CollectedFen = order.Debt?.CollectedFen ?? 0,
    };

    private static Ops.V1.ReportedCharge ToWire(this Reading said, long usedFen) =>
        new() { Seconds = said.Seconds, EnergyWh = said.EnergyWh, PowerW = said.PowerW ?? 0, UsedFen = usedFen };

    private static Ops.V1.OrderState ToWire(this OrderState state) => state switch
    {
        OrderState.Reserved => Ops.V1.OrderState.Reserved,
        OrderState.Paid => Ops.V1.OrderState.Paid,
        OrderState.Starting => Ops.V1.OrderState.Starting,
        OrderState.Charging => Ops.V1.OrderState.Charging,
        OrderState.Ended => Ops.V1.OrderState.Ended,
        OrderState.Settled => Ops.V1.OrderState.Settled,
        OrderState.Cancelled => Ops.V1.OrderState.Cancelled,
        OrderState.Expired => Ops.V1.OrderState.Expired,
        OrderState.StartFailed => Ops.V1.OrderState.StartFailed,
        OrderState.Refunding => Ops.V1.OrderState.Refunding,
        OrderState.Refunded => Ops.V1.OrderState.Refunded,
        _ => throw new InvalidOperationException($"{state} has no name on the wire."),
    };
}
