using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Orders;

/// <summary>`orders refund`.</summary>
internal static class GiveBack
{
    private static readonly Argument<string> Number = new("order-no") { Description = "Order number." };
    private static readonly Option<long?> Amount = new("--amount") { Description = "How much, in yuan.", HelpName = "yuan", CustomParser = Money.Read };
    private static readonly Option<bool> All = new("--all") { Description = "All that was used and is left to give back." };
    private static readonly Option<RefundTo> To = new Option<RefundTo>("--to") { Description = "Where to: Origin, through the payment provider, or Balance.", DefaultValueFactory = _ => RefundTo.Origin }.ByName();
    private static readonly Option<string> RequestId = new("--request-id") { Description = "Sent twice under the same name, it is done once.", HelpName = "text", DefaultValueFactory = _ => "" };
    private static readonly Option<string> Reason = Why.Needed();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("refund", "Refunds what a settled charge has used, all or a part. What it has not used is refunded automatically.") { Number, Amount, All, To, RequestId, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var all = session.Parse.GetValue(All);
        var amount = session.Parse.GetValue(Amount);
        if (all == amount is not null)
            throw new CliException("Give either --amount or --all.");
        var howMuch = amount is { } fen ? $"{Format.Yuan(fen)} yuan" : "all";
        Confirm.Ask(session, $"Give back {howMuch} of what order {session.Parse.GetValue(Number)} has used?");
        var request = new RefundOrderRequest
        {
            OrderNo = session.Parse.GetValue(Number),
            AmountFen = amount ?? 0,
            All = all,
            To = session.Parse.GetValue(To),
            Reason = session.Parse.GetValue(Reason),
            RequestId = session.Parse.GetValue(RequestId),
        };
        var answer = await session.Orders.RefundOrderAsync(request, cancellationToken: cancel);
        session.Write(answer, console => Show.Write(console, answer.Order));
        return 0;
    }
}
