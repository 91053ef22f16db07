using System.CommandLine;
using Charging.Ops.V1;
using Spectre.Console;

namespace Charging.Client.Cli.Commands.Users;

/// <summary>`users show`.</summary>
internal static class Show
{
    private static readonly Argument<string> Rider = RiderArgument.Make();

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command("show", "Shows a rider: balance, orders, cards.") { Rider }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var answer = await session.Users.GetUserAsync(RiderArgument.Read(session.Parse.GetValue(Rider)!), cancellationToken: cancel);
        session.Write(answer, console => Write(console, answer.User));
        return 0;
    }

    /// <summary>Writes a rider.</summary>
    public static void Write(IAnsiConsole console, User user) => console.Fields(
        ("phone", user.Phone),
        ("account", $"{user.UserId}{(user.Blocked ? ", blocked" : "")}"),
        ("WeChat name", user.WxName),
        ("registered", Format.Time(user.RegisteredAt)),
        ("last login", Format.Time(user.LoginAt)),
        ("balance ¥", Format.Yuan(user.BalanceFen)),
        ("locked ¥", user.LockedSince is null ? "none" : $"{Format.Yuan(user.LockedFen)} and the cards of before, since {Format.Time(user.LockedSince)}"),
        ("owed by the rider ¥", Format.Yuan(user.DebtFen)),
        ("charges that went on after they were lost", Format.Number(user.LostCharges)),
        ("paid orders", Format.Number(user.PaidOrders)),
        ("unpaid order", Format.OrNone(user.UnpaidOrderNo)),
        ("cards", Format.OrNone(string.Join(", ", user.Cards.Select(card => $"{card.CardNo} ({Format.Name(card.Kind)}{(card.Blocked ? ", blocked" : "")})")))));
}
