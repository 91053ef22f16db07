using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Users;

/// <summary>`users block`.</summary>
internal static class Block
{
    private static readonly Argument<string> Rider = RiderArgument.Make();
    private static readonly Option<string> Reason = Why.Needed();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("block", "Locks a rider out of the mini-program, and the rider's cards with it.") { Rider, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var user = await RiderArgument.FindAsync(session, session.Parse.GetValue(Rider)!, cancel);
        Confirm.Ask(session, $"Lock rider {user.Phone} out?");
        var request = new BlockUserRequest { UserId = user.UserId, Reason = session.Parse.GetValue(Reason) };
        var answer = await session.Users.BlockUserAsync(request, cancellationToken: cancel);
        session.Write(answer, console => Show.Write(console, answer.User));
        return 0;
    }
}
