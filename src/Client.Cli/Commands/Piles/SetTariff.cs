using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Piles;

/// <summary>`piles set-tariff`.</summary>
internal static class SetTariff
{
    private static readonly Argument<string> Device = new("device-no") { Description = "Device number, 10 hex digits." };
    private static readonly Argument<string?> Name = new("name") { Description = "Name of the tariff.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<bool> Default = new("--default") { Description = "None of its own: that of its station, or of the settings." };

    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("set-tariff", "Gives a pile a tariff, for orders that are made from now on.") { Device, Name, Default, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var name = session.Parse.GetValue(Name);
        if (name is null != session.Parse.GetValue(Default))
            throw new CliException("Name a tariff, or give --default for that of the settings.");
        var request = new SetPileTariffRequest { DeviceNo = session.Parse.GetValue(Device), Tariff = name ?? "", Reason = session.Parse.GetValue(Reason) };
        var answer = await session.Piles.SetPileTariffAsync(request, cancellationToken: cancel);
        session.Write(answer, console => console.Fields(("pile", answer.Pile.DeviceNo), ("tariff", answer.Pile.Tariff)));
        return 0;
    }
}
