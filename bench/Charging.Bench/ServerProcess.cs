using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Charging.Bench;

/// <summary>What the load needs to know of the server: its ports, a token for each rider, a secret for each pile.</summary>
internal sealed record ServerFacts(int HttpPort, int MqttPort, string[] Tokens, Dictionary<string, string> Piles);

/// <summary>A server as a process of its own, with riders and piles in it: the real one, or another that says the same line when it is ready.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;
    private readonly string _directory;
    private readonly bool _keeps;

    private ServerProcess(Process process, string directory, bool keeps, ServerFacts facts) =>
        (_process, _directory, _keeps, Facts) = (process, directory, keeps, facts);

    /// <summary>What the load needs to know.</summary>
    public ServerFacts Facts { get; }

    /// <summary>Starts the real server on an empty store.</summary>
    public static Task<ServerProcess> StartAsync(int riders, int piles, params string[] settings) =>
        StartAsync(Environment.ProcessPath!, NewDirectory(), keeps: false, directory => ["server", directory, $"{riders}", $"{piles}", .. settings]);

    /// <summary>Starts the real server on a directory that stays when it has ended.</summary>
    public static Task<ServerProcess> StartOnAsync(string directory, params string[] settings) =>
        StartAsync(Environment.ProcessPath!, directory, keeps: true, _ => ["server", directory, "0", "0", .. settings]);

    /// <summary>Starts another program in a directory of its own.</summary>
    public static Task<ServerProcess> StartOtherAsync(string program, Func<string, string[]> args) => StartAsync(program, NewDirectory(), keeps: false, args);

    /// <summary>Asks the process for something that it can tell of itself (see <see cref="ServerHost"/>).</summary>
    public async Task<string> AskAsync(string question)
    {
        await _process.StandardInput.WriteLineAsync(question);
        return await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The server has ended.");
    }

    /// <summary>What the process has in memory when nothing is left to collect, in bytes.</summary>
    public async Task<long> MemoryAsync() => long.Parse(await AskAsync("memory"), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public void Dispose()
    {
        // Where the store is used again, it is closed as an operator would.
        _process.StandardInput.Close();
        if (!_keeps || !_process.WaitForExit(TimeSpan.FromMinutes(1)))
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        if (!_keeps)
            Directory.Delete(_directory, recursive: true);
    }

    private static string NewDirectory() => Directory.CreateTempSubdirectory("charging-bench-").FullName;

    private static async Task<ServerProcess> StartAsync(string program, string directory, bool keeps, Func<string, string[]> args)
    {
        var process = Process.Start(new ProcessStartInfo(program, args(directory)) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
        var line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The server did not start.");
        return new ServerProcess(process, directory, keeps, JsonSerializer.Deserialize<ServerFacts>(line)!);
    }
}
