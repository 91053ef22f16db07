using System.Text.Json;
using System.Text.Json.Serialization;
using Charging.Server.Accounts;
using Charging.Server.Clock;
using Charging.Server.Operations;
using Charging.Server.Payments;
using Charging.Server.Storage;

namespace Charging.Server.Moving;

/// <summary>The first line of an export.</summary>
/// <param name="Format">What it is: <see cref="MoveFile.Format"/>.</param>
/// <param name="Schema">Version of the rows.</param>
/// <param name="TakenAt">The moment of which it is, UTC.</param>
/// <param name="ServerVersion">Who wrote it.</param>
/// <param name="Trial">Whether the store that it is of stayed open, so that no copy may be served.</param>
internal sealed record MoveHeader(string Format, int Schema, DateTimeOffset TakenAt, string ServerVersion, bool Trial);

/// <summary>What a table comes to.</summary>
/// <param name="Rows">How many rows it has.</param>
/// <param name="Sha256">SHA-256 of its rows as they are written, in the order of their keys, in hex.</param>
internal sealed record TableSum(long Rows, string Sha256);

/// <summary>What a store comes to: the line after the rows of an export, and what the store must come to that they were put into.</summary>
/// <param name="Tables">Each table by its name.</param>
/// <param name="Ledger">The accounts.</param>
/// <param name="Numbers">Of each sequence, a number that no number given so far exceeds.</param>
internal sealed record MoveSums(IReadOnlyDictionary<string, TableSum> Tables, LedgerTotals Ledger, IReadOnlyDictionary<string, long> Numbers);

/// <summary>
/// An export as text. A line with the <see cref="MoveHeader"/>; a line for each row, its table and its JSON, tables and rows in
/// one order; `end` and the <see cref="MoveSums"/>; `sha256` and the hash of all lines before.
/// </summary>
internal static class MoveFile
{
    /// <summary>The only form there is.</summary>
    public const string Format = "charging-move 1";

    /// <summary>Begins the line of the sums.</summary>
    public const string End = "end";

    /// <summary>Begins the last line.</summary>
    public const string Hash = "sha256";

    /// <summary>Bytes of the longest line: a row of 1 MiB and its table.</summary>
    public const int LongestLine = (1 << 20) + 1024;

    /// <summary>No sequence comes to it: a million numbers a second for thirty years.</summary>
    public const long HighestNumber = 1_000_000_000_000_000;

    /// <summary>Version of the rows that this program writes.</summary>
    public static int Schema => Tables.Migrations.Select(migration => migration.Version).DefaultIfEmpty(0).Max();

    /// <summary>The tables that are moved, in their order.</summary>
    public static IEnumerable<ITable> Moved => Tables.All.Where(table => !ReferenceEquals(table, MoveMark.Table)).OrderBy(table => table.Name, StringComparer.Ordinal);

    /// <summary>Tables in which a server has rows that has never served.</summary>
    public static readonly IReadOnlyList<ITable> Beginnings = [AccountTables.ServerKeys, OperatorKeys.Table, LedgerMark.Table, StoreTime.Table];

    /// <summary>Whether a row is moved: the key that lies beside the data is the server's own.</summary>
    public static bool IsMoved(object entity) => entity is not OperatorKey { Id: OperatorKeyFile.Id };
}

/// <summary>How the lines that are no rows are written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(MoveHeader))]
[JsonSerializable(typeof(MoveSums))]
internal sealed partial class MoveJson : JsonSerializerContext;
