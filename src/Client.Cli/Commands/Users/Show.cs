using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Users;

/// <summary>`users show`.</summary>
internal static class Show
{
    private static readonly Argument<string> Phone = new("phone") { Description = "The rider's phone, 11 digits." };

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command("show", "Shows a rider: balance, orders, cards.") { Phone }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var answer = await session.Users.GetUserAsync(new GetUserRequest { Phone = session.Parse.GetValue(Phone) }, cancellationToken: cancel);
        var user = answer.User;
        session.Write(answer, console => console.Fields(
            ("phone", user.Phone),
            ("account", $"{user.UserId}{(user.Blocked ? ", blocked" : "")}"),
            ("WeChat name", user.WxName),
            ("registered", Format.Time(user.RegisteredAt)),
            ("balance ¥", Format.Yuan(user.BalanceFen)),
            ("paid orders", Format.Number(user.PaidOrders)),
            ("unpaid order", Format.OrNone(user.UnpaidOrderNo)),
            ("cards", Format.OrNone(string.Join(", ", user.Cards.Select(card => $"{card.CardNo} ({Format.Name(card.Kind)}{(card.Blocked ? ", blocked" : "")})"))))));
        return 0;
    }
}
