using System.CommandLine;
using Charging.Ops.V1;
using Google.Protobuf.WellKnownTypes;

namespace Charging.Client.Cli.Commands.Audit;

/// <summary>`audit list`.</summary>
internal static class List
{
    private static readonly Option<int> Limit = Pages.Limit();
    private static readonly Option<string> KeyId = new("--key") { Description = "Only with this key.", HelpName = "key-id" };
    private static readonly Option<string> Subject = new("--subject") { Description = "Only to this, such as order:201912040000000352 or user:12.", HelpName = "kind:id" };
    private static readonly Option<string> Method = new("--method") { Description = "Only by this method, such as OrderService/RefundOrder.", HelpName = "method" };
    private static readonly Option<Timestamp?> From = new("--from") { Description = "Only from then on, such as 2019-12-04.", HelpName = "time", CustomParser = Days.Read };
    private static readonly Option<Timestamp?> To = new("--to") { Description = "Only before.", HelpName = "time", CustomParser = Days.Read };

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("list", "Lists what operators have changed, newest first: who, what, why, and what came of it.") { KeyId, Subject, Method, From, To, Limit }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var parse = session.Parse;
        var (entries, rest) = await Pages.ReadAsync<AuditEntry>(parse.GetValue(Limit), async (size, token) =>
        {
            var request = new ListAuditRequest
            {
                PageSize = size,
                PageToken = token,
                KeyId = parse.GetValue(KeyId) ?? "",
                Subject = parse.GetValue(Subject) ?? "",
                Method = parse.GetValue(Method) ?? "",
                From = parse.GetValue(From),
                To = parse.GetValue(To),
            };
            var page = await session.Audit.ListAuditAsync(request, cancellationToken: cancel);
            return (page.Entries, page.NextPageToken);
        });
        session.Write(new ListAuditResponse { Entries = { entries }, NextPageToken = rest }, console =>
        {
            var table = Format.Columns("at", "who", "did", "to", "why", "outcome");
            foreach (var entry in entries)
                table.Row(Format.Time(entry.At), $"{entry.KeyName} ({entry.KeyId})", entry.Method, entry.Subject, Format.OrNone(entry.Reason), entry.Outcome);
            console.Write(table);
            console.Line(Pages.Foot(entries.Count, rest, "entries"));
        });
        return 0;
    }
}
