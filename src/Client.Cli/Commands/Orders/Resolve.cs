using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Orders;

/// <summary>`orders resolve`.</summary>
internal static class Resolve
{
    private static readonly Argument<string> Number = new("order-no") { Description = "Order number." };
    private static readonly Option<bool> ForgiveDebt = new("--forgive-debt") { Description = "The rider owes nothing more for it, too." };
    private static readonly Option<string> Reason = Why.Needed();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("resolve", "Takes an order off the list of those in trouble.") { Number, ForgiveDebt, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var request = new ResolveOrderRequest { OrderNo = session.Parse.GetValue(Number), Reason = session.Parse.GetValue(Reason), ForgiveDebt = session.Parse.GetValue(ForgiveDebt) };
        var answer = await session.Orders.ResolveOrderAsync(request, cancellationToken: cancel);
        session.Write(answer, console => Show.Write(console, answer.Order));
        return 0;
    }
}
