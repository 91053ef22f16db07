using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Piles;

/// <summary>`piles change`.</summary>
internal static class Change
{
    private static readonly Argument<string> Device = new("device-no") { Description = "Device number, 10 hex digits." };
    private static readonly Option<int?> Plugs = new("--plugs") { Description = "How many plugs it has, 1 to 99." };
    private static readonly Option<PlugNumbers> Numbers = new Option<PlugNumbers>("--plug-numbers") { Description = "How its plugs are labelled: the tenth is 10 (Decimal) or 0A (Hex)." }.ByName();
    private static readonly Option<string> Name = new("--name") { Description = "What people call it.", HelpName = "text" };
    private static readonly Option<string> Station = new("--station") { Description = "The station that it is at; - for none.", HelpName = "station-id" };
    private static readonly Option<int?> RatedPower = new("--rated-power") { Description = "The most that one of its plugs gives, in watts: for orders that are made from now on.", HelpName = "watts" };
    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("change", "Changes what a pile is registered with. What is not given stays as it is.") { Device, Plugs, Numbers, Name, Station, RatedPower, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var parse = session.Parse;
        var request = new UpdatePileRequest { DeviceNo = parse.GetValue(Device), PlugNumbers = parse.GetValue(Numbers), Reason = parse.GetValue(Reason) };
        if (parse.GetValue(Plugs) is { } plugs)
            request.PlugCount = plugs;
        if (parse.GetValue(Name) is { } name)
            request.Name = name;
        if (parse.GetValue(Station) is { } station)
            request.StationId = station == Format.None ? "" : station;
        if (parse.GetValue(RatedPower) is { } watts)
            request.RatedPowerW = watts;
        var answer = await session.Piles.UpdatePileAsync(request, cancellationToken: cancel);
        session.Write(answer, console => Show.Write(console, answer.Pile));
        return 0;
    }
}
