using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Piles;

/// <summary>`piles list`.</summary>
internal static class List
{
    private static readonly Option<int> Limit = Pages.Limit();

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command("list", "Lists the piles: which are online, and how many of their plugs are free.") { Limit }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var (piles, rest) = await Pages.ReadAsync<Pile>(session.Parse.GetValue(Limit), async (size, token) =>
        {
            var request = new ListPilesRequest { PageSize = size, PageToken = token };
            var page = await session.Piles.ListPilesAsync(request, cancellationToken: cancel);
            return (page.Piles, page.NextPageToken);
        });
        session.Write(new ListPilesResponse { Piles = { piles }, NextPageToken = rest }, console =>
        {
            var table = Format.Columns("pile", "", "plugs", "free", "busy", "fault", "last heard", "firmware");
            foreach (var pile in piles)
            {
                table.Row(
                    pile.DeviceNo,
                    Show.Reach(pile),
                    Format.Number(pile.PlugCount),
                    Format.Number(pile.PlugsFree),
                    Format.Number(pile.PlugsBusy),
                    Format.Number(pile.PlugsFault),
                    Format.Time(pile.HeardAt),
                    Format.OrNone(pile.Firmware));
            }
            console.Write(table);
            console.Line(Pages.Foot(piles.Count, rest, "piles"));
        });
        return 0;
    }
}
