using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Orders;

/// <summary>`orders force-end`.</summary>
internal static class ForceEnd
{
    private static readonly Argument<string> Number = new("order-no") { Description = "Order number." };
    private static readonly Option<string> Reason = Why.Needed();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("force-end", "Ends an order whose pile is gone: settled by its last progress, and the rest goes back.") { Number, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        Confirm.Ask(session, $"End order {session.Parse.GetValue(Number)} now?");
        var request = new ForceEndOrderRequest { OrderNo = session.Parse.GetValue(Number), Reason = session.Parse.GetValue(Reason) };
        var answer = await session.Orders.ForceEndOrderAsync(request, cancellationToken: cancel);
        session.Write(answer, console => Show.Write(console, answer.Order));
        return 0;
    }
}
