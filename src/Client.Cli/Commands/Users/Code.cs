using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Users;

/// <summary>`users code`.</summary>
internal static class Code
{
    private static readonly Argument<string> Phone = new("phone") { Description = "Phone (11 digits), registered or not." };
    private static readonly Option<string> Reason = new("--reason") { Description = "Why, for the audit log. Needed outside Development.", HelpName = "text", DefaultValueFactory = _ => "" };

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("code", "Issues a validation code to read out to a rider who gets none by SMS. Whoever has it can be that rider.") { Phone, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var request = new IssueUserCodeRequest { Phone = session.Parse.GetValue(Phone), Reason = session.Parse.GetValue(Reason) };
        var answer = await session.Users.IssueUserCodeAsync(request, cancellationToken: cancel);
        session.Write(answer, console => console.Fields(
            ("phone", answer.Code.Phone),
            ("good for", Format.Name(answer.Code.Type)),
            ("code", answer.Code.Code),
            ("until", Format.Time(answer.Code.ExpiresAt))));
        return 0;
    }
}
