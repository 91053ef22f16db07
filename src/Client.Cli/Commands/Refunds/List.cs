using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Refunds;

/// <summary>`refunds list`.</summary>
internal static class List
{
    private static readonly Option<int> Limit = Pages.Limit();
    private static readonly Option<bool> Owed = new("--owed") { Description = "Only those that the provider has not sent back yet." };
    private static readonly Option<bool> Trouble = new("--trouble") { Description = "Only those for which a person must act." };

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("list", "Lists the refunds of orders and top-ups through the payment provider, newest order first.") { Owed, Trouble, Limit }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var parse = session.Parse;
        var (refunds, rest) = await Pages.ReadAsync<Refund>(parse.GetValue(Limit), async (size, token) =>
        {
            var request = new ListRefundsRequest { PageSize = size, PageToken = token, Owed = parse.GetValue(Owed), InTrouble = parse.GetValue(Trouble) };
            var page = await session.Refunds.ListRefundsAsync(request, cancellationToken: cancel);
            return (page.Refunds, page.NextPageToken);
        });
        session.Write(new ListRefundsResponse { Refunds = { refunds }, NextPageToken = rest }, console =>
        {
            var table = Format.Columns("refund", "rider", "¥", "of ¥", "is", "owed since", "provider said", "tries", "next try", "trouble");
            foreach (var refund in refunds)
            {
                table.Row(
                    refund.RefundNo,
                    Format.OrNone(refund.Phone),
                    Format.Yuan(refund.AmountFen),
                    Format.Yuan(refund.PaidFen),
                    Format.Name(refund.Step),
                    Format.Time(refund.OwedAt),
                    refund.LastAnswer == RefundAnswer.Unspecified ? Format.None : Format.Name(refund.LastAnswer),
                    Format.OrNone(refund.Tries),
                    Format.Time(refund.NextTryAt),
                    refund.Trouble);
            }
            console.Write(table);
            console.Line(Pages.Foot(refunds.Count, rest, "refunds"));
        });
        return 0;
    }
}
