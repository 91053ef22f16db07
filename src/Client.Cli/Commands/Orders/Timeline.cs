using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Orders;

/// <summary>`orders timeline`.</summary>
internal static class Timeline
{
    private static readonly Argument<string> Number = new("order-no") { Description = "Order number." };

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("timeline", "Shows what happened to an order, what its pile was told and said, and what is still due.") { Number }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var answer = await session.Orders.GetOrderTimelineAsync(new GetOrderTimelineRequest { OrderNo = session.Parse.GetValue(Number) }, cancellationToken: cancel);
        session.Write(answer, console =>
        {
            var table = Format.Columns("at", "about", "what", "¥");
            foreach (var entry in answer.Entries)
                table.Row(Format.Time(entry.At), Format.Name(entry.Kind), entry.Text, entry.AmountFen == 0 ? "" : Format.Yuan(entry.AmountFen));
            console.Write(table);
        });
        return 0;
    }
}
