using System.Diagnostics;
using Npgsql;

namespace Charging.Testing;

/// <summary>
/// A PostgreSQL of the caller's own, in a temporary folder, reached by a socket there; it ends with this process, however
/// that ends. Made from the programs of the package that Debian calls postgresql.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private static readonly Lazy<Task<PostgresServer>> SharedServer = new(() => StartAsync("-c fsync=off -c max_connections=300"));
    private static int _databases;

    private readonly string _folder;
    private readonly string _settings;
    private readonly FakeMachineClock? _clock;
    private Process? _process;

    private PostgresServer(string folder, string settings, FakeMachineClock? clock) => (_folder, _settings, _clock) = (folder, settings, clock);

    /// <summary>Whether there is a PostgreSQL to start.</summary>
    public static bool IsInstalled => Programs() is not null;

    /// <summary>One for all tests of a project, started at its first use. It promises nothing when the power goes.</summary>
    public static Task<PostgresServer> SharedAsync() => SharedServer.Value;

    /// <summary>Ends the shared one, if it was started.</summary>
    public static async ValueTask EndSharedAsync()
    {
        if (SharedServer.IsValueCreated)
            await (await SharedServer.Value).DisposeAsync();
    }

    /// <summary>Starts one.</summary>
    /// <param name="settings">Options of the server, such as `-c fsync=off`.</param>
    /// <param name="clock">Its wall clock; the machine's by default.</param>
    /// <exception cref="InvalidOperationException">PostgreSQL is not installed, or does not start.</exception>
    public static async Task<PostgresServer> StartAsync(string settings = "", FakeMachineClock? clock = null)
    {
        // A socket's path must be short, and the user that the server runs as must reach it.
        var folder = Directory.CreateTempSubdirectory("charging-pg-").FullName;
        var server = new PostgresServer(folder, settings, clock);
        if (IsRoot)
            await RunAsync("chown", "postgres", folder);
        await server.RunProgramAsync("initdb", "-D", server.Data, "-U", "postgres", "-A", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync");
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>How a database of it is reached.</summary>
    public string ConnectionString(string database) => $"Host={_folder};Database={database};Username=postgres";

    /// <summary>Makes a database that nobody has used.</summary>
    /// <returns>How it is reached.</returns>
    public async Task<string> NewDatabaseAsync()
    {
        var name = $"test{Interlocked.Increment(ref _databases)}";
        await ExecuteAsync("postgres", $"CREATE DATABASE {name}");
        return ConnectionString(name);
    }

    /// <summary>Runs a statement.</summary>
    public async Task ExecuteAsync(string database, string statement)
    {
        await using var connection = new NpgsqlConnection(ConnectionString(database) + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(statement, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Stops it as a crash would: sessions are cut, and nothing is tidied up.</summary>
    public async Task CrashAsync()
    {
        await RunProgramAsync("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop");
        await _process!.WaitForExitAsync();
    }

    /// <summary>Starts it again where it was, and waits until it answers.</summary>
    public async Task StartAgainAsync()
    {
        _process?.Dispose();
        // The shell waits for its input to end, which it does when this process does.
        var guarded = $"exec 3<&0; '{Program("postgres")}' -D '{Data}' -k '{_folder}' -c listen_addresses= {_settings} > '{_folder}/log' 2>&1 < /dev/null 3<&- & p=$!; "
            + "(read -r _ <&3; kill -QUIT $p 2> /dev/null) & wait $p";
        var (program, args) = AsOwner("/bin/bash", ["-c", guarded]);
        var start = new ProcessStartInfo(program, args) { RedirectStandardInput = true, WorkingDirectory = "/tmp" };
        foreach (var (name, value) in _clock?.Environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        _process = Process.Start(start)!;
        await Retry.Until("PostgreSQL answers", AnswersAsync);
    }

    /// <summary>Runs one of its programs, such as pgbench.</summary>
    /// <returns>What it wrote.</returns>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public Task<string> RunProgramAsync(string name, params string[] args)
    {
        var (program, all) = AsOwner(Program(name), args);
        return RunAsync(program, all);
    }

    /// <summary>The arguments by which a program of its own finds it.</summary>
    public string[] Place(string database) => ["-h", _folder, "-U", "postgres", database];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _process!.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
        NpgsqlConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    private static bool IsRoot => Environment.UserName == "root";

    private string Data => Path.Combine(_folder, "data");

    private static string? Programs() => Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Order().Select(d => Path.Combine(d, "bin")).LastOrDefault(Directory.Exists)
        : null;

    private static string Program(string name) => Path.Combine(
        Programs() ?? throw new InvalidOperationException("PostgreSQL is not here: install the package that Debian calls postgresql."), name);

    /// <summary>PostgreSQL refuses to run as root.</summary>
    private static (string Program, string[] Args) AsOwner(string program, string[] args) =>
        IsRoot ? ("runuser", ["-u", "postgres", "--", program, .. args]) : (program, args);

    private async Task<bool> AnswersAsync()
    {
        if (_process!.HasExited)
            throw new InvalidOperationException($"PostgreSQL did not start: {await File.ReadAllTextAsync($"{_folder}/log")}");
        try
        {
            await ExecuteAsync("postgres", "SELECT 1");
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private static async Task<string> RunAsync(string program, params string[] args)
    {
        var start = new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/tmp" };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? await output : throw new InvalidOperationException($"{program} {string.Join(' ', args)}: {await output}{await errors}");
    }
}
