using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Users;

/// <summary>`users move`.</summary>
internal static class Move
{
    private static readonly Argument<string> Rider = RiderArgument.Make();
    private static readonly Argument<string> Phone = new("phone") { Description = "The phone that the account gets (11 digits)." };
    private static readonly Option<string> Reason = Why.Needed();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("move", "Moves an account to another phone, ends every sign-in, and unlocks what is locked.") { Rider, Phone, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var user = await RiderArgument.FindAsync(session, session.Parse.GetValue(Rider)!, cancel);
        Confirm.Ask(session, $"Move the account of rider {user.Phone}, with {Format.Yuan(user.BalanceFen)} yuan, to {session.Parse.GetValue(Phone)}?");
        var request = new MoveUserRequest { UserId = user.UserId, Phone = session.Parse.GetValue(Phone), Reason = session.Parse.GetValue(Reason) };
        var answer = await session.Users.MoveUserAsync(request, cancellationToken: cancel);
        session.Write(answer, console => Show.Write(console, answer.User));
        return 0;
    }
}
