using System.CommandLine;
using Charging.Ops.V1;
using Spectre.Console;
using EndReason = Charging.Device.V1.EndReason;

namespace Charging.Client.Cli.Commands.Orders;

/// <summary>`orders show`.</summary>
internal static class Show
{
    private static readonly Argument<string> Number = new("order-no") { Description = "Order number." };

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command("show", "Shows everything about an order: state, times, money, and what went wrong.") { Number }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var answer = await session.Orders.GetOrderAsync(new GetOrderRequest { OrderNo = session.Parse.GetValue(Number) }, cancellationToken: cancel);
        session.Write(answer, console => Write(console, answer.Order));
        return 0;
    }

    /// <summary>Writes an order.</summary>
    public static void Write(IAnsiConsole console, Order order) => console.Fields(
        ("order", order.OrderNo),
        ("state", Format.Name(order.State)),
        ("trouble", Format.OrNone(order.Trouble)),
        ("pile, plug", $"{order.DeviceNo}, {order.PlugLabel}"),
        ("rider", order.Phone),
        ("paid by", order.CardNo.Length > 0 ? $"{Format.Name(order.Tag)} {order.CardNo}" : Format.Name(order.Tag)),
        ("made", Format.Time(order.CreatedAt)),
        ("reserved until", Format.Time(order.ReservedUntil)),
        ("paid", Format.Time(order.PaidAt)),
        ("charge began", Format.Time(order.StartedAt)),
        ("charge ended", Format.Time(order.EndedAt)),
        ("paid ¥", Format.Yuan(order.PaidFen)),
        ("paid twice ¥", Format.Yuan(order.SurplusFen)),
        ("held ¥", Format.Yuan(order.HoldFen)),
        ("used ¥", $"{Format.Yuan(order.UsedFen)}, of it {Format.Yuan(order.ServiceFen)} service fee"),
        ("of that given back by operators ¥", Format.Yuan(order.WaivedFen)),
        ("on its way back to the rider ¥", Format.Yuan(order.OwedFen)),
        ("went back to the rider ¥", Format.Yuan(order.RefundedFen)),
        ("owed by the rider ¥", $"{Format.Yuan(order.DebtFen)}, of it {Format.Yuan(order.CollectedFen)} collected"),
        ("tariff", order.Tariff),
        ("may charge for", Format.Duration(order.MaxSeconds)),
        ("charged for", Format.Duration(order.Seconds)),
        ("energy", $"{order.EnergyWh} Wh, at most {order.MaxPowerW} W"),
        ("said by the pile, not counted", order.Reported is { } said ? $"{said.Seconds} s, {said.EnergyWh} Wh, {said.PowerW} W: ¥ {Format.Yuan(said.UsedFen)}" : Format.None),
        ("end record came late", Format.Time(order.LateRecordAt)),
        ("start command", order.StartCommand == StartCommand.Unspecified ? "never sent" : Format.Name(order.StartCommand)),
        ("failed because of", order.FailCause == FailCause.Unspecified ? Format.None : Format.Name(order.FailCause)),
        ("ended because of", order.EndReason == EndReason.Unspecified ? Format.None : Format.Name(order.EndReason)));
}
