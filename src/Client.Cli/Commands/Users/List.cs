using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Users;

/// <summary>`users list`.</summary>
internal static class List
{
    private static readonly Option<int> Limit = Pages.Limit();
    private static readonly Option<bool> Blocked = new("--blocked") { Description = "Only those who are locked out." };

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("list", "Lists the riders.") { Blocked, Limit }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var (users, rest) = await Pages.ReadAsync<User>(session.Parse.GetValue(Limit), async (size, token) =>
        {
            var page = await session.Users.ListUsersAsync(new ListUsersRequest { PageSize = size, PageToken = token, Blocked = session.Parse.GetValue(Blocked) }, cancellationToken: cancel);
            return (page.Users, page.NextPageToken);
        });
        session.Write(new ListUsersResponse { Users = { users }, NextPageToken = rest }, console =>
        {
            var table = Format.Columns("account", "phone", "WeChat name", "registered", "balance ¥", "paid orders", "");
            foreach (var user in users)
            {
                table.Row(
                    Format.Number(user.UserId), user.Phone, user.WxName, Format.Time(user.RegisteredAt), Format.Yuan(user.BalanceFen), Format.Number(user.PaidOrders), user.Blocked ? "blocked" : "");
            }
            console.Write(table);
            console.Line(Pages.Foot(users.Count, rest, "riders"));
        });
        return 0;
    }
}
