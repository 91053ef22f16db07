using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Piles;

/// <summary>`piles add`.</summary>
internal static class Add
{
    private static readonly Argument<string> Device = new("device-no") { Description = "Device number, 10 hex digits." };

    private static readonly Option<int> Plugs = new Option<int>("--plugs")
    {
        Description = "How many plugs it has.",
        DefaultValueFactory = _ => 10,
    }.InRange(1, 99);

    private static readonly Option<PlugNumbers> Numbers = new Option<PlugNumbers>("--plug-numbers")
    {
        Description = "How its plugs are labelled: the tenth is 10 (Decimal) or 0A (Hex).",
        DefaultValueFactory = _ => PlugNumbers.Decimal,
    }.ByName();

    private static readonly Option<string> Name = new("--name") { Description = "What people call it.", HelpName = "text" };
    private static readonly Option<string> Station = new("--station") { Description = "The station that it is at.", HelpName = "station-id" };
    private static readonly Option<int?> RatedPower = new("--rated-power") { Description = "The most that one of its plugs gives, in watts. Default: 3500.", HelpName = "watts" };
    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("add", "Registers a pile and shows its secret, this once: the MQTT password to put into the pile.") { Device, Plugs, Numbers, Name, Station, RatedPower, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var request = new RegisterPileRequest
        {
            DeviceNo = session.Parse.GetValue(Device),
            PlugCount = session.Parse.GetValue(Plugs),
            PlugNumbers = session.Parse.GetValue(Numbers),
            Name = session.Parse.GetValue(Name) ?? "",
            StationId = session.Parse.GetValue(Station) ?? "",
            Reason = session.Parse.GetValue(Reason),
        };
        if (session.Parse.GetValue(RatedPower) is { } watts)
            request.RatedPowerW = watts;
        var answer = await session.Piles.RegisterPileAsync(request, cancellationToken: cancel);
        session.Write(answer, console =>
        {
            console.Fields(("registered", answer.Pile.DeviceNo), ("plugs", Format.Number(answer.Pile.PlugCount)), ("secret (shown this once)", answer.Secret));
            console.Line($"Put into the pile: the server's MQTT address, client id and user name {answer.Pile.DeviceNo}, and the secret as password. 'piles show {answer.Pile.DeviceNo}' tells when it is online.");
        });
        return 0;
    }
}
