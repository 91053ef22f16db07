using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Charging.MqttBroker;

namespace Charging.Testing;

/// <summary>
/// A Mosquitto of the caller's own in a temporary folder, configured as `chargectl mqtt export` says; it ends with this
/// process, however that ends. Made from the program of the package that Debian calls mosquitto.
/// </summary>
public sealed class MosquittoServer : IAsyncDisposable
{
    /// <summary>The user name of the nodes.</summary>
    public const string NodeName = "charging";

    /// <summary>Its password.</summary>
    public const string NodePassword = "the-password-of-the-nodes";

    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(2);

    private readonly string _folder = Directory.CreateTempSubdirectory("charging-mosquitto-").FullName;
    private Process? _process;

    private MosquittoServer()
    {
    }

    /// <summary>Where piles connect.</summary>
    public int PilePort { get; private set; }

    /// <summary>Where nodes connect.</summary>
    public int NodePort { get; private set; }

    /// <summary>The settings of a node that uses it.</summary>
    public IReadOnlyList<string> Settings => SettingsAt($"mqtt://127.0.0.1:{NodePort}");

    /// <summary>What Mosquitto has logged.</summary>
    public string Log => File.ReadAllText(PathOf("log"));

    /// <summary>Starts one.</summary>
    /// <param name="certificate">A PEM file with certificate and key for the nodes' port; null for no TLS.</param>
    /// <param name="logs">What it logs; everything slows it down.</param>
    /// <param name="rules">Lines that are added to the `acl_file`.</param>
    public static async Task<MosquittoServer> StartAsync(string? certificate = null, string logs = "all", params string[] rules)
    {
        var server = new MosquittoServer();
        (server.PilePort, server.NodePort) = (FixedPort.Take(), FixedPort.Take());
        await File.WriteAllTextAsync(server.PathOf("acl"), MosquittoFiles.Acl(NodeName) + MosquittoFiles.Text(rules));
        await server.WriteAsync([NodeLine]);
        await File.WriteAllTextAsync(server.PathOf("mosquitto.conf"), server.Configuration(certificate, logs));
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>The settings of a node that reaches it at another address, such as a proxy's.</summary>
    public IReadOnlyList<string> SettingsAt(string url) =>
    [
        "--Charging:Mqtt:Mode=External",
        $"--Charging:Mqtt:Url={url}",
        $"--Charging:Mqtt:Username={NodeName}",
        $"--Charging:Mqtt:Password={NodePassword}",
    ];

    /// <summary>Lets the nodes and these piles in, and waits until it has read that.</summary>
    /// <param name="piles">Device numbers and their secrets.</param>
    public Task LetInAsync(IReadOnlyDictionary<string, string> piles) => LetInAsync(
    [
        NodeLine, .. piles.Select(pile => MosquittoFiles.PasswordLine(pile.Key, MosquittoFiles.HashOfPile(pile.Value))),
    ]);

    /// <summary>Gives it a new password file, and waits until it has read it.</summary>
    public async Task LetInAsync(IEnumerable<string> passwords)
    {
        await WriteAsync(passwords);
        var before = Reloads();
        Stopwatch? asked = null;
        await Retry.Until("Mosquitto has read its files again", async () =>
        {
            // It forgets a signal that comes while it still reads them for the one before.
            if (asked is null || asked.Elapsed > AskAgain)
            {
                asked = Stopwatch.StartNew();
                await RunAsync("kill", "-HUP", $"{await PidAsync()}");
            }
            return Reloads() > before;
        });
    }

    /// <summary>Ends it; what it retains is kept.</summary>
    public async Task StopAsync()
    {
        await RunAsync("kill", "-TERM", $"{await PidAsync()}");
        await _process!.WaitForExitAsync();
    }

    /// <summary>Starts it again where it was.</summary>
    public async Task StartAgainAsync()
    {
        _process?.Dispose();
        File.Delete(PathOf("pid"));
        // The shell waits for its input to end, which it does when this process does. Debian keeps Mosquitto where only root looks.
        var guarded = $"PATH=$PATH:/usr/sbin; exec 3<&0; mosquitto -c '{PathOf("mosquitto.conf")}' > '{PathOf("errors")}' 2>&1 < /dev/null 3<&- & p=$!; "
            + $"echo $p > '{PathOf("pid")}.new'; mv '{PathOf("pid")}.new' '{PathOf("pid")}'; (read -r _ <&3; kill $p 2> /dev/null) & wait $p";
        _process = Process.Start(new ProcessStartInfo("/bin/bash", ["-c", guarded]) { RedirectStandardInput = true, WorkingDirectory = "/tmp" })!;
        await Retry.Until("Mosquitto answers", AnswersAsync);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _process!.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string NodeLine => MosquittoFiles.PasswordLine(NodeName, MosquittoFiles.HashOfNodes(NodePassword));

    private static async Task RunAsync(string program, params string[] args)
    {
        using var process = Process.Start(program, args);
        await process.WaitForExitAsync();
    }

    private string PathOf(string file) => Path.Combine(_folder, file);

    private string Configuration(string? certificate, string logs) => MosquittoFiles.Configuration
        .Replace("certfile /etc/mosquitto/charging/tls.pem\nkeyfile /etc/mosquitto/charging/tls.key\n", "")
        .Replace("/etc/mosquitto/charging/", $"{_folder}/")
        .Replace("/var/lib/mosquitto/", $"{_folder}/")
        .Replace("listener 8883", $"listener {PilePort} 127.0.0.1")
        .Replace("listener 1884", $"listener {NodePort}")
        + (certificate is null ? "" : $"certfile {certificate}\nkeyfile {certificate}\n")
        + $"user {Environment.UserName}\nlog_dest file {PathOf("log")}\nlog_type {logs}\n";

    private async Task WriteAsync(IEnumerable<string> passwords)
    {
        await File.WriteAllTextAsync(PathOf("passwords.new"), MosquittoFiles.Text(passwords));
        File.Move(PathOf("passwords.new"), PathOf("passwords"), overwrite: true);
    }

    private int Reloads() => Log.Split("Reloading config.").Length;

    private async Task<int> PidAsync() => int.Parse(await File.ReadAllTextAsync(PathOf("pid")), null);

    private async Task<bool> AnswersAsync()
    {
        if (_process!.HasExited)
            throw new InvalidOperationException($"Mosquitto did not start: install the package that Debian calls mosquitto. {Log}");
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, NodePort);
            // It listens before it minds signals, and a signal would end it; it hangs up on who says nothing when it minds them.
            socket.Client.Shutdown(SocketShutdown.Send);
            _ = await socket.Client.ReceiveAsync(new byte[1]);
            return File.Exists(PathOf("pid"));
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
