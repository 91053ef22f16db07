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
        new Command("force-end", "Ends an order now, such as one whose pile is gone. What was used until its pile was last heard is kept, and the rest goes back by itself.") { Number, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        Confirm.Ask(session, $"End order {session.Parse.GetValue(Number)} now?");
        var request = new ForceEndOrderRequest { OrderNo = session.Parse.GetValue(Number), Reason = session.Parse.GetValue(Reason) };
        var answer = await session.Orders.ForceEndOrderAsync(request, cancellationToken: cancel);
        session.Write(answer, console =>
        {
            Show.Write(console, answer.Order);
            console.Line(Sentence(answer.Order));
        });
        return 0;
    }

    private static string Sentence(Order order)
    {
        if (order.PaidFen == 0)
            return "Ended. It was not paid, so nothing goes back.";
        var money = $"Ended. Of {Format.Yuan(order.PaidFen)} yuan {Format.Yuan(order.UsedFen)} were used, and {Format.Yuan(order.OwedFen + order.RefundedFen)} go back by themselves.";
        return order.UsedFen == 0 ? money : $"{money} If what was used shall go back too: 'orders refund'.";
    }
}
