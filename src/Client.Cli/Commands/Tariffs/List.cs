using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Tariffs;

/// <summary>`tariffs list`.</summary>
internal static class List
{
    private static readonly Option<int> Limit = Pages.Limit();

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command("list", "Lists the tariffs and how many piles have them.") { Limit }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var (tariffs, rest) = await Pages.ReadAsync<Tariff>(session.Parse.GetValue(Limit), async (size, token) =>
        {
            var page = await session.Tariffs.ListTariffsAsync(new ListTariffsRequest { PageSize = size, PageToken = token }, cancellationToken: cancel);
            return (page.Tariffs, page.NextPageToken);
        });
        session.Write(new ListTariffsResponse { Tariffs = { tariffs }, NextPageToken = rest }, console =>
        {
            var table = Format.Columns("tariff", "price ¥", "at least ¥", "at most ¥", "piles");
            foreach (var tariff in tariffs)
            {
                table.Row(
                    tariff.Name,
                    TariffTable.Price(tariff),
                    tariff.HasMinimumFen ? Format.Yuan(tariff.MinimumFen) : Format.None,
                    tariff.HasCapFen ? Format.Yuan(tariff.CapFen) : Format.None,
                    Format.Number(tariff.Piles));
            }
            console.Write(table);
            console.Line(Pages.Foot(tariffs.Count, rest, "tariffs"));
        });
        return 0;
    }
}
