using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Tariffs;

/// <summary>`tariffs delete`.</summary>
internal static class Delete
{
    private static readonly Argument<string> Name = new("name") { Description = "Name of the tariff." };

    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command("delete", "Removes a tariff that no pile has.") { Name, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var name = session.Parse.GetValue(Name)!;
        var answer = await session.Tariffs.DeleteTariffAsync(new DeleteTariffRequest { Name = name, Reason = session.Parse.GetValue(Reason) }, cancellationToken: cancel);
        session.Write(answer, console => console.Line($"The tariff {name} is gone."));
        return 0;
    }
}
