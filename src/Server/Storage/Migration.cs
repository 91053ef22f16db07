using System.Text;
using System.Text.Json.Nodes;

namespace Charging.Server.Storage;

/// <summary>
/// A step of the schema, forward only: it rewrites each document of a table. All steps that a file lacks run when it is
/// opened, in one transaction with its new version. An index added to a table that has rows needs a step that returns its
/// input, for the rows to enter it.
/// </summary>
/// <param name="Version">The schema's version after it, from 1 and rising.</param>
/// <param name="Table">Name of the table.</param>
/// <param name="Rewrite">The document as it is to be, or null to drop it. It may change what it is given.</param>
public sealed record Migration(int Version, string Table, Func<JsonObject, JsonObject?> Rewrite);

/// <summary>What both engines do with a row that is older than the program.</summary>
internal static class MigrationSteps
{
    /// <summary>Leads a row through the steps of its table, and keeps the outcome until all are read.</summary>
    public static void Rewrite(this Overlay overlay, ITable table, IReadOnlyList<Migration> steps, string key, byte[] json)
    {
        var document = JsonNode.Parse(json)?.AsObject();
        foreach (var step in steps)
            document = document is null ? null : step.Rewrite(document);
        var row = document is null ? null : Row.Of(table, table.Read(Encoding.UTF8.GetBytes(document.ToJsonString())));
        if (row?.Key != key)
            overlay.Set(table, Row.Deleted(table, key));
        if (row is not null)
            overlay.Set(table, row);
    }
}
