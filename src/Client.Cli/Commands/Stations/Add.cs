using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Stations;

/// <summary>`stations add`.</summary>
internal static class Add
{
    private static readonly Argument<string> Id = new("station-id") { Description = "What the station is known by: lower-case letters, digits and dashes." };
    private static readonly Option<string> Name = new("--name") { Description = "Its name.", HelpName = "text", Required = true };
    private static readonly Option<string> Address = new("--street") { Description = "Its address.", HelpName = "text" };
    private static readonly Option<double?> Latitude = new("--lat") { Description = "Degrees north in WGS-84 (not the GCJ-02 of Chinese maps).", HelpName = "degrees" };
    private static readonly Option<double?> Longitude = new("--lng") { Description = "Degrees east in WGS-84.", HelpName = "degrees" };
    private static readonly Option<string> Tariff = new("--tariff") { Description = "Tariff of its piles that have none of their own.", HelpName = "name" };
    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("add", "Makes a station, which piles can then be at.") { Id, Name, Address, Latitude, Longitude, Tariff, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var parse = session.Parse;
        var request = new AddStationRequest
        {
            StationId = parse.GetValue(Id),
            Name = parse.GetValue(Name),
            Address = parse.GetValue(Address) ?? "",
            Position = Places.Read(parse.GetValue(Latitude), parse.GetValue(Longitude)),
            Tariff = parse.GetValue(Tariff) ?? "",
            Reason = parse.GetValue(Reason),
        };
        var answer = await session.Stations.AddStationAsync(request, cancellationToken: cancel);
        session.Write(answer, console => Show.Write(console, answer.Station));
        return 0;
    }
}
