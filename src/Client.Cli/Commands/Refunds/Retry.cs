using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Refunds;

/// <summary>`refunds retry`.</summary>
internal static class Retry
{
    private static readonly Argument<string> Number = new("refund-no") { Description = "Number of the refund, as 'refunds list' shows it." };

    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command("retry", "Asks the provider about a refund now, and not when its pause is over.") { Number, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var number = session.Parse.GetValue(Number)!;
        var answer = await session.Refunds.RetryRefundAsync(new RetryRefundRequest { RefundNo = number, Reason = session.Parse.GetValue(Reason) }, cancellationToken: cancel);
        session.Write(answer, console => console.Line($"The provider is asked about {number} now: 'refunds list --owed' shows what it says."));
        return 0;
    }
}
