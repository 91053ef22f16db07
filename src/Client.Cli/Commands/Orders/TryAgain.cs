using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Orders;

/// <summary>`orders retry`.</summary>
internal static class TryAgain
{
    private static readonly Argument<string> Number = new("order-no") { Description = "Order number." };
    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("retry", "Does now what is due for an order: refunds, stop commands, closing at the provider.") { Number, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var request = new RetryOrderRequest { OrderNo = session.Parse.GetValue(Number), Reason = session.Parse.GetValue(Reason) };
        var answer = await session.Orders.RetryOrderAsync(request, cancellationToken: cancel);
        session.Write(answer, console => console.Line(answer.Kinds.Count == 0 ? "Nothing waits for another try." : $"Tried again: {string.Join(", ", answer.Kinds)}."));
        return 0;
    }
}
