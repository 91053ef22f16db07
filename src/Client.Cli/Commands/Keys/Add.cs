using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Keys;

/// <summary>`keys add`.</summary>
internal static class Add
{
    private static readonly Argument<string> Name = new("name") { Description = "Who gets it; the audit log shows it." };
    private static readonly Option<Role> Role = new Option<Role>("--role") { Description = "Viewer, Operator, Finance or Admin.", Required = true }.ByName();
    private static readonly Option<string> Reason = Why.Welcome();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("add", "Makes an operator key and shows its secret, this once.") { Name, Role, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var request = new AddKeyRequest { Name = session.Parse.GetValue(Name), Role = session.Parse.GetValue(Role), Reason = session.Parse.GetValue(Reason) };
        var answer = await session.Keys.AddKeyAsync(request, cancellationToken: cancel);
        session.Write(answer, console => console.Fields(
            ("key", answer.Key.KeyId), ("for", answer.Key.Name), ("role", Format.Name(answer.Key.Role)), ("secret (shown this once)", answer.Secret)));
        return 0;
    }
}
