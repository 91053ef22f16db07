using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Tariffs;

/// <summary>`tariffs show`.</summary>
internal static class Show
{
    private static readonly Argument<string> Name = new("name") { Description = "Name of the tariff; 'default' is that of the settings." };

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command("show", "Shows everything about a tariff.") { Name }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var answer = await session.Tariffs.GetTariffAsync(new GetTariffRequest { Name = session.Parse.GetValue(Name) }, cancellationToken: cancel);
        session.Write(answer, console => TariffTable.Write(console, answer.Tariff));
        return 0;
    }
}
