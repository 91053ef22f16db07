using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Users;

/// <summary>`users unblock`.</summary>
internal static class Unblock
{
    private static readonly Argument<string> Rider = RiderArgument.Make();
    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("unblock", "Lets a rider in again.") { Rider, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var user = await RiderArgument.FindAsync(session, session.Parse.GetValue(Rider)!, cancel);
        var request = new UnblockUserRequest { UserId = user.UserId, Reason = session.Parse.GetValue(Reason) };
        var answer = await session.Users.UnblockUserAsync(request, cancellationToken: cancel);
        session.Write(answer, console => Show.Write(console, answer.User));
        return 0;
    }
}
