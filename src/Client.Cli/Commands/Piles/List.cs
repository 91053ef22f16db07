using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Piles;

/// <summary>`piles list`.</summary>
internal static class List
{
    private static readonly Option<int> Limit = Pages.Limit();

    private static readonly Option<string> Station = new("--station") { Description = "Only piles at this station.", HelpName = "station-id" };
    private static readonly Option<bool> Offline = new("--offline") { Description = "Only piles that are not online." };
    private static readonly Option<bool> Retired = new("--retired") { Description = "Retired piles too." };
    private static readonly Option<bool> Watching = Watch.Option();

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command("list", "Lists the piles: which are online, and how many of their plugs are free.") { Station, Offline, Retired, Limit, Watching }.Does(
        (session, cancel) => session.Parse.GetValue(Watching) ? WatchAsync(session, cancel) : RunAsync(session, cancel));

    private static Task<int> WatchAsync(Session session, CancellationToken cancel) => Watch.RunAsync(
        session,
        () => session.Piles.WatchPiles(new WatchPilesRequest { StationId = session.Parse.GetValue(Station) ?? "" }, cancellationToken: cancel),
        message => message.Piles.Select(pile => Watch.Line(
            (pile.DeviceNo, 10), (Show.Reach(pile), 7), ($"{pile.PlugsFree} free", 7), ($"{pile.PlugsBusy} busy", 7), ($"{Fault(pile)} fault", 8), (pile.Name, 0))),
        cancel);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var (piles, rest) = await Pages.ReadAsync<Pile>(session.Parse.GetValue(Limit), async (size, token) =>
        {
            var request = new ListPilesRequest { PageSize = size, PageToken = token, StationId = session.Parse.GetValue(Station) ?? "", IncludeRetired = session.Parse.GetValue(Retired) };
            if (session.Parse.GetValue(Offline))
                request.Online = false;
            var page = await session.Piles.ListPilesAsync(request, cancellationToken: cancel);
            return (page.Piles, page.NextPageToken);
        });
        session.Write(new ListPilesResponse { Piles = { piles }, NextPageToken = rest }, console =>
        {
            var table = Format.Columns("pile", "", "station", "plugs", "free", "busy", "fault", "last heard", "firmware");
            foreach (var pile in piles)
            {
                table.Row(
                    pile.DeviceNo,
                    Show.Reach(pile),
                    Format.OrNone(pile.StationId),
                    Format.Number(pile.PlugCount),
                    Format.Number(pile.PlugsFree),
                    Format.Number(pile.PlugsBusy),
                    Fault(pile),
                    Format.Time(pile.HeardAt),
                    Format.OrNone(pile.Firmware));
            }
            console.Write(table);
            console.Line(Pages.Foot(piles.Count, rest, "piles"));
        });
        return 0;
    }

    // Of a pile that is offline nobody knows which plugs are broken; riders are shown none of them as free.
    private static string Fault(Pile pile) => pile.Online ? Format.Number(pile.PlugsFault) : Format.None;
}
