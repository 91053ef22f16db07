using System.CommandLine;
using Charging.Ops.V1;
using Spectre.Console;

namespace Charging.Client.Cli.Commands.Ledger;

/// <summary>`ledger show`.</summary>
internal static class Show
{
    private static readonly Option<string> Order = new("--order") { Description = "The money of this order.", HelpName = "order-no" };
    private static readonly Option<string> TopUp = new("--topup") { Description = "The money of this top-up.", HelpName = "order-no" };
    private static readonly Option<string> User = new("--user") { Description = "All of a rider's money.", HelpName = "phone" };
    private static readonly Option<int> Limit = Pages.Limit();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("show", "Shows every move of money of an order, a top-up or a rider, in the order in which they happened.") { Order, TopUp, User, Limit }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var parse = session.Parse;
        string?[] named = [parse.GetValue(Order), parse.GetValue(TopUp), parse.GetValue(User)];
        if (named.Count(name => name is not null) != 1)
            throw new CliException("Name exactly one of --order, --topup and --user.");
        if (parse.GetValue(User) is { } phone)
            await UserAsync(session, phone, cancel);
        else
            await OneAsync(session, named[0] ?? named[1]!, cancel);
        return 0;
    }

    private static async Task OneAsync(Session session, string number, CancellationToken cancel)
    {
        var answer = await session.Ledger.GetStatementAsync(new GetStatementRequest { No = number }, cancellationToken: cancel);
        var money = answer.Statement;
        session.Write(answer, console =>
        {
            console.Fields(
                (money.IsTopUp ? "top-up" : "order", money.No),
                ("rider", money.Phone),
                ("paid ¥", Format.Yuan(money.PaidFen)),
                ("paid twice ¥", Format.Yuan(money.SurplusFen)),
                ("held ¥", Format.Yuan(money.HoldFen)),
                ("used ¥", Format.Yuan(money.UsedFen)),
                ("credited ¥", Format.Yuan(money.CreditedFen)),
                ("owed to the rider ¥", Format.Yuan(money.OwedFen)),
                ("went back ¥", Format.Yuan(money.RefundedFen)));
            Write(console, money.Entries);
        });
    }

    private static async Task UserAsync(Session session, string phone, CancellationToken cancel)
    {
        var balanceFen = 0L;
        var (statements, rest) = await Pages.ReadAsync<Statement>(session.Parse.GetValue(Limit), async (size, token) =>
        {
            var request = new ListStatementsRequest { Phone = phone, PageSize = size, PageToken = token };
            var page = await session.Ledger.ListStatementsAsync(request, cancellationToken: cancel);
            balanceFen = page.BalanceFen;
            return (page.Statements, page.NextPageToken);
        });
        session.Write(new ListStatementsResponse { BalanceFen = balanceFen, Statements = { statements }, NextPageToken = rest }, console =>
        {
            console.Fields(("rider", phone), ("balance ¥", Format.Yuan(balanceFen)));
            Write(console, statements.SelectMany(money => money.Entries));
            console.Line(Pages.Foot(statements.Count, rest, "orders, top-ups and changes by operators"));
        });
    }

    private static void Write(IAnsiConsole console, IEnumerable<LedgerEntry> entries)
    {
        var table = Format.Columns("number", "at", "entry", "from", "to", "¥", "balance ¥");
        foreach (var entry in entries.OrderBy(entry => entry.Number))
        {
            table.Row(
                Format.Number(entry.Number),
                Format.Time(entry.At),
                entry.Key,
                entry.From,
                entry.To,
                Format.Yuan(entry.AmountFen),
                entry.HasBalanceFen ? Format.Yuan(entry.BalanceFen) : Format.None);
        }
        console.Write(table);
    }
}
