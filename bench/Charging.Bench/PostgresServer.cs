using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Charging.Bench;

/// <summary>A PostgreSQL of the bench's own, in a temporary folder, with its defaults but for max_connections.</summary>
internal sealed partial class PostgresServer : IDisposable
{
    private const int Scale = 50;

    private readonly string _programs;
    private readonly string _folder;

    private PostgresServer(string programs, string folder)
    {
        _programs = programs;
        _folder = folder;
    }

    /// <summary>Starts one; null when PostgreSQL is not installed.</summary>
    public static async Task<PostgresServer?> StartAsync()
    {
        var programs = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Order().Select(d => Path.Combine(d, "bin")).LastOrDefault(Directory.Exists)
            : null;
        if (programs is null)
            return null;
        var folder = Directory.CreateTempSubdirectory("charging-bench-pg-").FullName;
        var server = new PostgresServer(programs, folder);
        if (Environment.UserName == "root")
            await RunAsync("chown", ["postgres", folder]);
        await server.AsOwnerAsync("initdb", "-D", $"{folder}/data", "-U", "postgres", "-A", "trust");
        await server.AsOwnerAsync(
            "pg_ctl", "-D", $"{folder}/data", "-w", "-l", $"{folder}/log", "-o", $"-c max_connections=300 -c listen_addresses= -k {folder}", "start");
        await server.AsOwnerAsync("pgbench", "-h", folder, "-U", "postgres", "-i", "-q", "-s", $"{Scale}", "postgres");
        return server;
    }

    /// <summary>Transactions a second of <c>pgbench -N</c>.</summary>
    public async Task<double> PgbenchAsync(int clients, int seconds)
    {
        var output = await AsOwnerAsync("pgbench", "-h", _folder, "-U", "postgres", "-n", "-N", "-c", $"{clients}", "-j", "2", "-T", $"{seconds}", "postgres");
        return Tps().Match(output) is { Success: true } match
            ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"pgbench finished no transaction: {output}");
    }

    public void Dispose()
    {
        AsOwnerAsync("pg_ctl", "-D", $"{_folder}/data", "-m", "immediate", "stop").GetAwaiter().GetResult();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>PostgreSQL refuses to run as root.</summary>
    private Task<string> AsOwnerAsync(string program, params string[] args) => Environment.UserName == "root"
        ? RunAsync("runuser", ["-u", "postgres", "--", Path.Combine(_programs, program), .. args])
        : RunAsync(Path.Combine(_programs, program), args);

    private static async Task<string> RunAsync(string program, string[] args)
    {
        // The server that pg_ctl starts inherits its output, so that is not waited for to end: it goes to a file.
        var log = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" > \"$log\" 2>&1", "sh", log, program, .. args])
            {
                WorkingDirectory = "/tmp",
            };
            using var process = Process.Start(start)!;
            await process.WaitForExitAsync();
            var output = await File.ReadAllTextAsync(log);
            return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', args)}: {output}");
        }
        finally
        {
            File.Delete(log);
        }
    }

    [GeneratedRegex(@"tps = ([0-9.]+)")]
    private static partial Regex Tps();
}
