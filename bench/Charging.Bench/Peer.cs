using System.Diagnostics;

namespace Charging.Bench;

/// <summary>The peer of P10, in bench/peer-fastify: what a small team would pick instead.</summary>
internal static class Peer
{
    private const string Headers = "/usr/include/node";

    private static readonly string Folder = Path.Combine(Repository.Root, "bench", "peer-fastify");

    /// <summary>Installs what it needs from npm, unless that was done before.</summary>
    public static async Task InstallAsync()
    {
        if (Directory.Exists(Path.Combine(Folder, "node_modules")))
            return;
        var install = new ProcessStartInfo("npm", ["ci", "--no-audit", "--no-fund"]) { WorkingDirectory = Folder };
        // SQLite is compiled where its binary cannot be fetched; Debian keeps Node's headers here.
        if (Directory.Exists(Headers))
            install.Environment["npm_config_nodedir"] = "/usr";
        using var npm = Process.Start(install)!;
        await npm.WaitForExitAsync();
        if (npm.ExitCode != 0)
            throw new InvalidOperationException($"npm could not install the peer in {Folder}.");
    }

    /// <summary>Starts it with riders and piles.</summary>
    public static Task<ServerProcess> StartAsync(int riders, int piles) => ServerProcess.StartOtherAsync(
        "node", directory => [Path.Combine(Folder, "server.js"), directory, $"{riders}", $"{piles}"]);
}
