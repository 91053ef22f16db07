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
