using System.CommandLine;
using Charging.Ops.V1;
using Grpc.Core;

namespace Charging.Client.Cli.Commands;

/// <summary>`reopen`.</summary>
internal static class Reopen
{
    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command(
        "reopen",
        "Takes back that a store was exported: the move was given up, and nobody serves the copy.") { Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        Confirm.Ask(session, "Does no other server serve the export of this store, now or later?");
        try
        {
            var answer = await session.Move.ReopenAsync(new ReopenRequest { Reason = session.Parse.GetValue(Reason)! }, cancellationToken: cancel);
            session.Write(answer, console => console.Line("Start the server without Charging:Store:Moving."));
            return 0;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unimplemented)
        {
            throw MoveFile.Explain(e, session, "");
        }
    }
}
