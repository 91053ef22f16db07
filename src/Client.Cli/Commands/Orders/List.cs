using System.CommandLine;
using Charging.Ops.V1;
using Spectre.Console;

namespace Charging.Client.Cli.Commands.Orders;

/// <summary>`orders list`.</summary>
internal static class List
{
    private static readonly Option<int> Limit = Pages.Limit();
    private static readonly Option<string> Pile = new("--pile") { Description = "Only of this pile.", HelpName = "device-no" };
    private static readonly Option<string> Phone = new("--phone") { Description = "Only of this rider, and only paid ones.", HelpName = "phone" };
    private static readonly Option<OrderState> State = new("--state") { Description = "Only in this state." };
    private static readonly Option<bool> Trouble = new("--trouble") { Description = "Only those that wait for a person." };

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command("list", "Lists orders, newest first. Filters can be combined.") { Pile, Phone, State, Trouble, Limit }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var parse = session.Parse;
        var (orders, rest) = await Pages.ReadAsync<Order>(parse.GetValue(Limit), async (size, token) =>
        {
            var request = new ListOrdersRequest
            {
                PageSize = size,
                PageToken = token,
                DeviceNo = parse.GetValue(Pile) ?? "",
                Phone = parse.GetValue(Phone) ?? "",
                State = parse.GetValue(State),
                InTrouble = parse.GetValue(Trouble),
            };
            var page = await session.Orders.ListOrdersAsync(request, cancellationToken: cancel);
            return (page.Orders, page.NextPageToken);
        });
        var refunds = parse.GetValue(Trouble) && !session.Json ? await RefundsInTroubleAsync(session, cancel) : 0;
        session.Write(new ListOrdersResponse { Orders = { orders }, NextPageToken = rest }, console =>
        {
            Write(console, orders, rest);
            if (refunds > 0)
                console.Line($"{refunds} refunds of orders and top-ups wait for a person too: 'refunds list --trouble' shows them.");
        });
        return 0;
    }

    private static async Task<int> RefundsInTroubleAsync(Session session, CancellationToken cancel)
    {
        var (refunds, _) = await Pages.ReadAsync<Refund>(0, async (size, token) =>
        {
            var page = await session.Refunds.ListRefundsAsync(new ListRefundsRequest { PageSize = size, PageToken = token, InTrouble = true }, cancellationToken: cancel);
            return (page.Refunds, page.NextPageToken);
        });
        return refunds.Count;
    }

    private static void Write(IAnsiConsole console, List<Order> orders, string rest)
    {
        var table = Format.Columns("order", "made", "pile", "plug", "rider", "by", "state", "paid ¥", "back ¥", "charged for", "Wh", "trouble");
        foreach (var order in orders)
        {
            table.Row(
                order.OrderNo,
                Format.Time(order.CreatedAt),
                order.DeviceNo,
                order.PlugLabel,
                order.Phone,
                Format.Name(order.Tag),
                Format.Name(order.State),
                Format.Yuan(order.PaidFen),
                Format.Yuan(order.RefundedFen),
                Format.Duration(order.Seconds),
                Format.OrNone(order.EnergyWh),
                order.Trouble);
        }
        console.Write(table);
        console.Line(Pages.Foot(orders.Count, rest, "orders"));
    }
}
