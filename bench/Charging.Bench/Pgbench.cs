using System.Globalization;
using System.Text.RegularExpressions;
using Charging.Testing;

namespace Charging.Bench;

/// <summary>PostgreSQL's own measure, on a server of the bench's own with its defaults but for max_connections.</summary>
internal static partial class Pgbench
{
    private const string Database = "postgres";
    private const int Scale = 50;

    /// <summary>Starts a server and fills pgbench's tables; null when PostgreSQL is not installed.</summary>
    /// <param name="settings">Further options of the server.</param>
    public static async Task<PostgresServer?> StartAsync(string settings = "")
    {
        if (!PostgresServer.IsInstalled)
            return null;
        var server = await PostgresServer.StartAsync($"-c max_connections=300 {settings}");
        await server.RunProgramAsync("pgbench", ["-i", "-q", "-s", $"{Scale}", .. server.Place(Database)]);
        return server;
    }

    /// <summary>Transactions a second of <c>pgbench -N</c>.</summary>
    public static async Task<double> MeasureAsync(this PostgresServer server, int clients, int seconds)
    {
        var output = await server.RunProgramAsync(
            "pgbench", ["-n", "-N", "-c", $"{clients}", "-j", "2", "-T", $"{seconds}", .. server.Place(Database)]);
        return Tps().Match(output) is { Success: true } match
            ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"pgbench finished no transaction: {output}");
    }

    [GeneratedRegex(@"tps = ([0-9.]+)")]
    private static partial Regex Tps();
}
