using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Keys;

/// <summary>`keys list`.</summary>
internal static class List
{
    private static readonly Option<int> Limit = Pages.Limit();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("list", "Lists the operator keys, revoked ones too.") { Limit }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var (keys, rest) = await Pages.ReadAsync<Key>(session.Parse.GetValue(Limit), async (size, token) =>
        {
            var page = await session.Keys.ListKeysAsync(new ListKeysRequest { PageSize = size, PageToken = token }, cancellationToken: cancel);
            return (page.Keys, page.NextPageToken);
        });
        session.Write(new ListKeysResponse { Keys = { keys }, NextPageToken = rest }, console =>
        {
            var table = Format.Columns("key", "for", "role", "made", "revoked");
            foreach (var key in keys)
                table.Row(key.KeyId, key.Name, Format.Name(key.Role), Format.Time(key.CreatedAt), Format.Time(key.RevokedAt));
            console.Write(table);
            console.Line(Pages.Foot(keys.Count, rest, "keys"));
        });
        return 0;
    }
}
