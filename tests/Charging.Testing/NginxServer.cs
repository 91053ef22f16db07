using System.Diagnostics;
using System.Net.Sockets;

namespace Charging.Testing;

/// <summary>
/// An nginx of the caller's own with deploy/nginx.conf, before an app; it ends with this process, however that ends. Made from the
/// program of the package that Debian calls nginx.
/// </summary>
public sealed class NginxServer : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("charging-nginx-").FullName;
    private Process? _process;

    private NginxServer()
    {
    }

    /// <summary>The port for riders.</summary>
    public int Port { get; } = FixedPort.Take();

    /// <summary>The port for operators.</summary>
    public int OperatorPort { get; } = FixedPort.Take();

    /// <summary>Starts one.</summary>
    /// <param name="configuration">The text of deploy/nginx.conf, or what a test makes of it.</param>
    /// <param name="appPort">The app's port for JSON.</param>
    public static async Task<NginxServer> StartAsync(string configuration, int appPort)
    {
        var server = new NginxServer();
        var (_, certificate) = TestAuthority.Make(server._folder);
        var site = configuration
            .Replace("listen 443 ", $"listen 127.0.0.1:{server.Port} ")
            .Replace("    listen [::]:443 ssl http2;\n", "")
            .Replace("listen 127.0.0.1:8443 ", $"listen 127.0.0.1:{server.OperatorPort} ")
            .Replace("/etc/nginx/charging/tls.pem", certificate)
            .Replace("/etc/nginx/charging/tls.key", certificate)
            .Replace("127.0.0.1:8090", $"127.0.0.1:{appPort}");
        await File.WriteAllTextAsync(Path.Combine(server._folder, "nginx.conf"), server.Around(site));
        await server.StartAsync();
        return server;
    }

    /// <summary>A client that calls from an address of its own on this machine.</summary>
    public static HttpClient From(string address, int port) => new(new SocketsHttpHandler
    {
        SslOptions = new() { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Parse(address), 0));
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri($"https://127.0.0.1:{port}"),
    };

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync();
            _process.Dispose();
        }
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartAsync()
    {
        // The shell waits for its input to end, which it does when this process does. Debian keeps nginx where only root looks.
        var guarded = $"PATH=$PATH:/usr/sbin; exec 3<&0; nginx -p '{_folder}' -c '{_folder}/nginx.conf' -e '{_folder}/errors' > /dev/null 2> '{_folder}/start' < /dev/null 3<&- & "
            + "p=$!; (read -r _ <&3; kill $p 2> /dev/null) & wait $p";
        _process = Process.Start(new ProcessStartInfo("/bin/bash", ["-c", guarded]) { RedirectStandardInput = true, WorkingDirectory = "/tmp" })!;
        await Retry.Until("nginx answers", async () =>
        {
            if (_process.HasExited)
                throw new InvalidOperationException($"nginx did not start: install the package that Debian calls nginx. {await File.ReadAllTextAsync(Path.Combine(_folder, "start"))}");
            try
            {
                using var socket = new TcpClient();
                await socket.ConnectAsync("127.0.0.1", Port);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        });
    }

    /// <summary>What is in nginx.conf around the files of conf.d; one process, and no file outside the folder.</summary>
    private string Around(string site)
    {
        var folders = string.Join(' ', new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }.Select(kind => $"{kind}_temp_path {_folder}/{kind};"));
        return $"daemon off; master_process off; pid {_folder}/pid; events {{ worker_connections 512; }}\nhttp {{ access_log off; {folders}\n{site}\n}}\n";
    }
}
