using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Users;

/// <summary>`users confirm`.</summary>
internal static class ConfirmOwner
{
    private static readonly Argument<string> Rider = RiderArgument.Make();
    private static readonly Option<string> Reason = Why.Needed();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("confirm", "Confirms that a locked account is its present rider's: balance and cards of before work again.") { Rider, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var user = await RiderArgument.FindAsync(session, session.Parse.GetValue(Rider)!, cancel);
        Confirm.Ask(session, $"Unlock {Format.Yuan(user.LockedFen)} yuan and the cards for the present holder of {user.Phone}?");
        var request = new ConfirmUserRequest { UserId = user.UserId, Reason = session.Parse.GetValue(Reason) };
        var answer = await session.Users.ConfirmUserAsync(request, cancellationToken: cancel);
        session.Write(answer, console => Show.Write(console, answer.User));
        return 0;
    }
}
