using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Users;

/// <summary>`users adjust`.</summary>
internal static class Adjust
{
    private static readonly Argument<string> Rider = RiderArgument.Make();
    private static readonly Argument<long?> Amount = new("yuan") { Description = "How much, such as 1.50; below 0 takes it away.", CustomParser = Money.Read };
    private static readonly Option<string> RequestId = new("--request-id") { Description = "Sent twice under the same name, it is done once.", HelpName = "text", DefaultValueFactory = _ => "" };
    private static readonly Option<string> Reason = Why.Needed();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("adjust", "Puts money on a rider's balance, or takes some away.") { Rider, Amount, RequestId, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var user = await RiderArgument.FindAsync(session, session.Parse.GetValue(Rider)!, cancel);
        Confirm.Ask(session, $"Move {Format.Yuan(session.Parse.GetValue(Amount)!.Value)} yuan onto the balance of rider {user.Phone}?");
        var request = new AdjustUserBalanceRequest { UserId = user.UserId, AmountFen = session.Parse.GetValue(Amount)!.Value, RequestId = session.Parse.GetValue(RequestId), Reason = session.Parse.GetValue(Reason) };
        var answer = await session.Users.AdjustUserBalanceAsync(request, cancellationToken: cancel);
        session.Write(answer, console => Show.Write(console, answer.User));
        return 0;
    }
}
