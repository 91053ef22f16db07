using System.CommandLine;
using Charging.Ops.V1;
using Google.Protobuf.WellKnownTypes;
using Spectre.Console;

namespace Charging.Client.Cli.Commands.Orders;

/// <summary>`orders list`.</summary>
internal static class List
{
    private static readonly Option<int> Limit = Pages.Limit();
    private static readonly Option<string> Pile = new("--pile") { Description = "Only of this pile.", HelpName = "device-no" };
    private static readonly Option<string> Phone = new("--phone") { Description = "Only of this rider, and only paid ones.", HelpName = "phone" };
    private static readonly Option<OrderState> State = new Option<OrderState>("--state") { Description = "Only in this state." }.ByName();
    private static readonly Option<bool> Trouble = new("--trouble") { Description = "Only those that wait for a person." };

    private static readonly Option<bool> Offline = new("--offline") { Description = "Only those that were begun at a pile that is offline now: nobody knows how they go on." };
    private static readonly Option<string> Number = new("--order") { Description = "Only this order.", HelpName = "order-no" };
    private static readonly Option<string> Card = new("--card") { Description = "Only those that this card pays.", HelpName = "card-no" };
    private static readonly Option<int> Plug = new("--plug") { Description = "Only at this plug, from 1.", HelpName = "number" };
    private static readonly Option<Timestamp?> From = new("--from") { Description = "Only those made then or later, such as 2019-12-04.", HelpName = "time", CustomParser = Days.Read };
    private static readonly Option<Timestamp?> To = new("--to") { Description = "Only those made before.", HelpName = "time", CustomParser = Days.Read };
    private static readonly Option<bool> Watching = Watch.Option();

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command("list", "Lists orders, newest first. Filters can be combined; with --watch, --pile and --trouble count.")
    {
        Pile, Plug, Phone, Card, State, Trouble, Offline, Number, From, To, Limit, Watching,
    }.Does((session, cancel) => session.Parse.GetValue(Watching) ? WatchAsync(session, cancel) : RunAsync(session, cancel));

    private static Task<int> WatchAsync(Session session, CancellationToken cancel) => session.Parse.GetValue(Offline)
        ? throw new CliException("--offline looks at what is so now, and --watch waits for what changes: give one of them.")
        : Watch.RunAsync(
        session,
        () => session.Orders.WatchOrders(new WatchOrdersRequest { DeviceNo = session.Parse.GetValue(Pile) ?? "", InTrouble = session.Parse.GetValue(Trouble) }, cancellationToken: cancel),
        message => message.Orders.Select(order => Watch.Line(
            (order.OrderNo, 18), (order.DeviceNo, 10), (order.PlugLabel, 2), (order.Phone, 11), (Format.Name(order.State), 12), (Format.Yuan(order.PaidFen), 8), (order.Trouble, 0))),
        cancel);

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
                PileOffline = parse.GetValue(Offline),
                OrderNo = parse.GetValue(Number) ?? "",
                CardNo = parse.GetValue(Card) ?? "",
                Plug = parse.GetValue(Plug),
                From = parse.GetValue(From),
                To = parse.GetValue(To),
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
