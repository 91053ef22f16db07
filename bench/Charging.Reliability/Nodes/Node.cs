using System.Net;
using System.Net.Sockets;
using Charging.Testing;
using Npgsql;

namespace Charging.Reliability.Nodes;

/// <summary>One of the nodes: a process, and its wires to PostgreSQL and to the broker.</summary>
internal sealed class Node : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("charging-node-").FullName;
    private readonly string[] _program;
    private readonly string[] _settings;

    public Node(string connectionString, MosquittoServer broker, SharedProvider provider)
    {
        var store = new NpgsqlConnectionStringBuilder(connectionString);
        Store = new TcpProxy(new UnixDomainSocketEndPoint(Path.Combine(store.Host!, ".s.PGSQL.5432")));
        Broker = new TcpProxy(new IPEndPoint(IPAddress.Loopback, broker.NodePort));
        (store.Host, store.Port, store.SslMode) = ("127.0.0.1", Store.Port, SslMode.Disable);
        _program = ["Charging.Reliability.dll", "node", provider.Url];
        _settings =
        [
            .. TestStore.On(store.ConnectionString), .. broker.SettingsAt($"mqtt://127.0.0.1:{Broker.Port}"),
            $"--Charging:Orders:Reservation={NodesRider.Reservation}", "--Charging:Orders:StartTimeout=00:00:03",
            // Few riders do what many do.
            "--Charging:Orders:MaxLiveOrders=100", "--Charging:Orders:MaxStartsPerPlugAndHour=1000000", "--Charging:Orders:MaxUnpaidPerHour=1000000",
            // A charge lasts a second or two.
            "--Charging:Orders:PricePerHourFen=25000",
            "--Charging:Payment:OwnPaymentService=true",
        ];
        Server = Launch();
    }

    /// <summary>The process.</summary>
    public ServerProcess Server { get; private set; }

    /// <summary>The wire to PostgreSQL.</summary>
    public TcpProxy Store { get; }

    /// <summary>The wire to the broker.</summary>
    public TcpProxy Broker { get; }

    /// <summary>Starts it again.</summary>
    public async Task StartAgainAsync()
    {
        var (before, now) = (Server, Launch());
        await now.ListeningAsync();
        // Until here, riders are told by the old one's silence that the node is down.
        Server = now;
        before.Dispose();
    }

    /// <summary>Waits until it is ready, or is not.</summary>
    public Task UntilReadyAsync(bool isReady) => Retry.Until(
        $"/readyz of a node says {(isReady ? "" : "not ")}ready", async () => (await Server.ReadyAsync() == HttpStatusCode.OK) == isReady);

    public async ValueTask DisposeAsync()
    {
        Server.Dispose();
        await Store.DisposeAsync();
        await Broker.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private ServerProcess Launch() => ServerProcess.Launch(_program, _directory, _settings);
}
