using System.Collections.Concurrent;
using System.Globalization;
using Charging.MqttBroker;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Charging.Reliability.Nodes;

/// <summary>Two nodes, one PostgreSQL, one Mosquitto, one provider; piles and riders; and what was found wrong.</summary>
internal sealed class NodesWorld : IAsyncDisposable
{
    private const int PlugCount = 10;
    private static int _phones;

    private readonly ConcurrentQueue<string> _faults = new();
    private readonly Dictionary<string, SimulatedPile> _piles = [];
    private readonly List<NodesRider> _riders = [];
    private string _database = "";
    private long _inDoubt;

    public PostgresServer Postgres { get; private init; } = null!;

    public MosquittoServer Broker { get; private init; } = null!;

    public SharedProvider Provider { get; private init; } = null!;

    public List<Node> Nodes { get; } = [];

    public IReadOnlyCollection<string> Faults => _faults;

    public int Orders => _riders.Sum(rider => rider.Orders);

    public long Charges => _piles.Values.Sum(pile => pile.Totals.ChargesStarted);

    public long InDoubt => Interlocked.Read(ref _inDoubt);

    public static async Task<NodesWorld> OpenAsync(NodesOptions options)
    {
        var world = new NodesWorld
        {
            Postgres = await PostgresServer.StartAsync("-c fsync=off"),
            Broker = await MosquittoServer.StartAsync(),
            Provider = await SharedProvider.StartAsync(),
        };
        world._database = await world.Postgres.NewDatabaseAsync();
        await world.AddNodeAsync();
        await world.AddPilesAsync(options);
        await world.AddNodeAsync();
        for (var rider = 0; rider < options.Riders; rider++)
        {
            var phone = (13_700_000_000 + Interlocked.Increment(ref _phones)).ToString(CultureInfo.InvariantCulture);
            var token = await world.Nodes[rider % 2].Server.RegisterRiderAsync(phone);
            // A token reaches the other node some milliseconds later.
            foreach (var node in world.Nodes)
                await Retry.Until("the node knows the rider", async () => (await node.Server.CallAsync("getCardno", new { }, token)).Code == 200);
            world._riders.Add(new NodesRider(world, token, HashCode.Combine(options.Seed, rider)));
        }
        return world;
    }

    public Node AnyNode(Random random) => Nodes[random.Next(Nodes.Count)];

    public (string Device, string Plug) AnyPlug(Random random) => (_piles.Keys.ElementAt(random.Next(_piles.Count)), $"{random.Next(1, PlugCount + 1):D2}");

    public void Pay(string orderNo, long fen) => Provider.Books.Pay(orderNo, fen);

    public void Fault(string fault) => _faults.Enqueue(fault);

    public void CountDoubt() => Interlocked.Increment(ref _inDoubt);

    /// <summary>All riders charge until the end.</summary>
    public Task LiveAsync(CancellationToken end) => Task.WhenAll(_riders.Select(rider => rider.RunAsync(end)));

    /// <summary>How many orders have not ended, and how much money has not gone back.</summary>
    public async Task<long> OpenAsync()
    {
        await using var connection = new NpgsqlConnection(_database + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "SELECT (SELECT count(*) FROM orders WHERE json->>'state' NOT IN ('Settled', 'Refunded', 'Cancelled', 'Expired')) + (SELECT count(*) FROM due)", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>With the nodes down: compares the store with what everybody was told, and checks the invariants and the books.</summary>
    public async Task CheckAsync()
    {
        foreach (var node in Nodes)
            await node.Server.KillAsync();
        await using var auditor = await ChargingApp.StartAsync(new ChargingAppOptions { Store = TestStore.On(_database) });
        var store = auditor.Services.GetRequiredService<IStore>();
        var faults = await MoneyCheck.FaultsAsync(store, new ProviderBooks(Provider.Books.Payments, Provider.Books.Refunds));
        await foreach (var progress in new LedgerCheck(store).RunAsync())
            faults.AddRange(progress.Findings.Select(finding => finding.Sentence));
        await store.RunAsync(async tx =>
        {
            foreach (var rider in _riders)
                await rider.CheckAsync(tx, faults);
            foreach (var plug in await tx.ListAsync(OrderTables.BusyPlugs.ByKey, KeyRange.Prefix(""), 200))
                faults.Add($"Plug {plug.Plug} is still busy with {plug.OrderNo}.");
            return true;
        });
        await foreach (var order in store.ScanAsync(OrderTables.ByTime))
        {
            if (_piles[order.Plug.Device.ToString()].StartsObeyed(order.No.ToString()) > 1)
                faults.Add($"Order {order.No} closed the relay more than once.");
        }
        faults.ForEach(Fault);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pile in _piles.Values)
            await pile.DisposeAsync();
        foreach (var node in Nodes)
            await node.DisposeAsync();
        await Provider.DisposeAsync();
        await Broker.DisposeAsync();
        await Postgres.DisposeAsync();
    }

    private async Task AddNodeAsync()
    {
        var node = new Node(_database, Broker, Provider);
        Nodes.Add(node);
        await node.Server.ListeningAsync();
        await node.UntilReadyAsync(true);
    }

    private async Task AddPilesAsync(NodesOptions options)
    {
        var secrets = new Dictionary<string, string>();
        for (var number = 0; number < options.Piles; number++)
        {
            var device = (0xD0 + number).ToString("X10", CultureInfo.InvariantCulture);
            var secret = await Nodes[0].Server.RegisterPileAsync(device);
            secrets[device] = secret;
            _piles[device] = new SimulatedPile(new SimulatedPileOptions
            {
                DeviceNo = device,
                Secret = secret,
                Port = Broker.PilePort,
                PlugCount = PlugCount,
                Encoding = number % 2 == 0 ? PileEncoding.Json : PileEncoding.Binary,
                Heartbeat = TimeSpan.FromSeconds(5),
                FirstResend = TimeSpan.FromSeconds(1),
                LongestReconnectPause = TimeSpan.FromMilliseconds(200),
                NextVehicleAfter = TimeSpan.FromMilliseconds(50),
            });
        }
        await Broker.LetInAsync(secrets);
        foreach (var pile in _piles.Values)
            await pile.StartAsync();
    }
}
