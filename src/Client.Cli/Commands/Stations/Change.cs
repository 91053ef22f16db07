using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Stations;

/// <summary>`stations change`.</summary>
internal static class Change
{
    private static readonly Argument<string> Id = new("station-id") { Description = "What the station is known by: lower-case letters, digits and dashes." };
    private static readonly Option<string> Name = new("--name") { Description = "Its name.", HelpName = "text" };
    private static readonly Option<string> Address = new("--street") { Description = "Its address.", HelpName = "text" };
    private static readonly Option<double?> Latitude = new("--lat") { Description = "Degrees north in WGS-84 (not the GCJ-02 of Chinese maps).", HelpName = "degrees" };
    private static readonly Option<double?> Longitude = new("--lng") { Description = "Degrees east in WGS-84.", HelpName = "degrees" };
    private static readonly Option<string> Tariff = new("--tariff") { Description = "Tariff of its piles that have none of their own; default for that of the settings.", HelpName = "name" };
    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("change", "Changes a station. What is not given stays as it is.") { Id, Name, Address, Latitude, Longitude, Tariff, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var parse = session.Parse;
        var request = new UpdateStationRequest
        {
            StationId = parse.GetValue(Id),
            Position = Places.Read(parse.GetValue(Latitude), parse.GetValue(Longitude)),
            Reason = parse.GetValue(Reason),
        };
        if (parse.GetValue(Name) is { } name)
            request.Name = name;
        if (parse.GetValue(Address) is { } address)
            request.Address = address;
        if (parse.GetValue(Tariff) is { } tariff)
            request.Tariff = tariff;
        var answer = await session.Stations.UpdateStationAsync(request, cancellationToken: cancel);
        session.Write(answer, console => Show.Write(console, answer.Station));
        return 0;
    }
}
