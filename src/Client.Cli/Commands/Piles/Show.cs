using System.CommandLine;
using Charging.Ops.V1;
using Spectre.Console;

namespace Charging.Client.Cli.Commands.Piles;

/// <summary>`piles show`.</summary>
internal static class Show
{
    private static readonly Argument<string> Device = new("device-no") { Description = "Device number, 10 hex digits." };

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command("show", "Shows a pile and each of its plugs as they are now.") { Device }.Does(RunAsync);

    /// <summary>Whether a pile is online and takes charges, in a word.</summary>
    public static string Reach(Pile pile) =>
        pile.RetiredAt is not null ? "retired" : !pile.Online ? "offline" : pile.Pause is not null ? "paused" : "online";

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var answer = await session.Piles.GetPileAsync(new GetPileRequest { DeviceNo = session.Parse.GetValue(Device) }, cancellationToken: cancel);
        session.Write(answer, console => Write(console, answer.Pile));
        return 0;
    }

    /// <summary>Writes a pile with its plugs.</summary>
    public static void Write(IAnsiConsole console, Pile pile)
    {
        console.Fields(
            ("pile", pile.Name.Length > 0 ? $"{pile.DeviceNo}, {pile.Name}" : pile.DeviceNo),
            ("station", Format.OrNone(pile.StationId)),
            ("tariff", Format.OrNone(pile.Tariff)),
            ("state", Reach(pile)),
            ("paused", Format.Why(pile.Pause)),
            ("last heard", Format.Time(pile.HeardAt)),
            ("firmware", Format.OrNone(pile.Firmware)),
            ("registered", Format.Time(pile.RegisteredAt)),
            ("tariff", pile.Tariff),
            ("plug numbers", Format.Name(pile.PlugNumbers)),
            ("rated power of a plug", $"{pile.RatedPowerW} W"));
        var table = Format.Columns("plug", "state", "order", "W", "Wh", "charging for", "fault", "paused", "lost charges");
        foreach (var plug in pile.Plugs)
        {
            table.Row(
                plug.Label,
                Format.Name(plug.State),
                Format.OrNone(plug.OrderNo),
                Format.OrNone(plug.PowerW),
                Format.OrNone(plug.EnergyWh),
                Format.Duration(plug.ElapsedSeconds),
                Format.OrNone(plug.Fault),
                Format.Why(plug.Pause),
                Format.OrNone(plug.LostCharges));
        }
        console.Write(table);
    }
}
