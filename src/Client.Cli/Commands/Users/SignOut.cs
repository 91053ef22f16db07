using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Users;

/// <summary>`users sign-out`.</summary>
internal static class SignOut
{
    private static readonly Argument<string> Rider = RiderArgument.Make();
    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("sign-out", "Ends every sign-in of a rider, on all phones.") { Rider, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var user = await RiderArgument.FindAsync(session, session.Parse.GetValue(Rider)!, cancel);
        Confirm.Ask(session, $"Sign rider {user.Phone} out everywhere?");
        var request = new SignOutUserRequest { UserId = user.UserId, Reason = session.Parse.GetValue(Reason) };
        var answer = await session.Users.SignOutUserAsync(request, cancellationToken: cancel);
        session.Write(answer, console => console.Line($"{answer.Ended} sign-ins ended."));
        return 0;
    }
}
