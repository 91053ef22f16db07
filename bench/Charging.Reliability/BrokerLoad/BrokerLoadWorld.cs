using System.Diagnostics;
using System.Globalization;
using System.Net;
using Charging.Device.V1;
using Charging.PileSimulator;
using Charging.Reliability.HeavyMessages;
using Charging.Reliability.Nodes;
using Charging.Testing;
using Google.Protobuf;
using MQTTnet;
using MQTTnet.Protocol;
using Npgsql;

namespace Charging.Reliability.BrokerLoad;

/// <summary>Two nodes on one PostgreSQL and one Mosquitto, an honest pile, one whose connection is the attacker's, and a rider.</summary>
internal sealed class BrokerLoadWorld : IAsyncDisposable
{
    private const int Charges = 8;
    private const string Writer = "topic write piles/+/status";

    private readonly List<string> _directories = [];
    private readonly string _database;
    private HeavySender? _sender;

    private BrokerLoadWorld(PostgresServer postgres, MosquittoServer broker, SharedProvider provider, string database) =>
        (Postgres, Broker, Provider, _database) = (postgres, broker, provider, database);

    public PostgresServer Postgres { get; }

    public MosquittoServer Broker { get; }

    public SharedProvider Provider { get; }

    /// <summary>The nodes that run.</summary>
    public List<ServerProcess> Nodes { get; } = [];

    /// <summary>The rider's token.</summary>
    public string Token { get; private set; } = "";

    /// <summary>The honest pile.</summary>
    public string Honest { get; } = 0xE0.ToString("X10", CultureInfo.InvariantCulture);

    /// <summary>The pile that sends heavy messages.</summary>
    public string Hostile { get; } = 0xE1.ToString("X10", CultureInfo.InvariantCulture);

    /// <summary>What the heavy messages name. The card is nobody's.</summary>
    public KnownOrders Known { get; private set; } = new([], [], [], "2577522B");

    /// <summary>The attacker's connection.</summary>
    public HeavySender Sender => _sender!;

    public static async Task<BrokerLoadWorld> OpenAsync()
    {
        var postgres = await PostgresServer.StartAsync("-c fsync=off");
        var broker = await MosquittoServer.StartAsync(logs: "information", rules: [$"user {MosquittoServer.NodeName}", Writer]);
        var world = new BrokerLoadWorld(postgres, broker, await SharedProvider.StartAsync(), await postgres.NewDatabaseAsync());
        await world.StartNodesAsync(1);
        await world.ChargeAsync();
        return world;
    }

    /// <summary>Starts nodes, all at once.</summary>
    /// <returns>How long it took until all were ready.</returns>
    public async Task<TimeSpan> StartNodesAsync(int count)
    {
        var clock = Stopwatch.StartNew();
        var begun = Nodes.Count;
        for (var n = 0; n < count; n++)
        {
            _directories.Add(Directory.CreateTempSubdirectory("charging-broker-load-").FullName);
            Nodes.Add(ServerProcess.Launch(["Charging.Reliability.dll", "node", Provider.Url], _directories[^1],
            [
                .. TestStore.On(_database), .. Broker.Settings, "--Charging:Payment:OwnPaymentService=true", "--Charging:Orders:MaxLiveOrders=100",
                // More events than a node acts on in a day are sent here in minutes.
                "--Charging:Piles:MaxEventsPerDay=1000000", "--Charging:Operations:MaxChangesPerHour=1000000",
            ]));
        }
        await Task.WhenAll(Nodes[begun..].Select(async node =>
        {
            await node.ListeningAsync();
            await Retry.Until("/readyz says ready", async () => await node.ReadyAsync() == HttpStatusCode.OK);
        }));
        return clock.Elapsed;
    }

    /// <summary>Registers piles, and has the broker keep a status of 12 KB of each.</summary>
    public async Task RetainAsync(int count)
    {
        var devices = Enumerable.Range(0x1000, count).Select(number => number.ToString("X10", CultureInfo.InvariantCulture)).ToList();
        await Parallel.ForEachAsync(devices, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (device, _) => await Nodes[0].RegisterPileAsync(device));
        using var writer = new MqttClientFactory().CreateMqttClient();
        await writer.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", Broker.NodePort).WithCredentials(MosquittoServer.NodeName, MosquittoServer.NodePassword).Build());
        var status = new PileStatus { ProtocolVersion = 1, BootId = "kept", ConnectionId = "kept", Seq = 1, Online = true };
        status.Plugs.Add(Enumerable.Range(1, 10).Select(plug => new PlugStatus { Plug = (uint)plug, State = PlugState.Fault, Fault = new string('x', 1200) }));
        var payload = status.ToByteArray();
        foreach (var device in devices)
        {
            await writer.PublishAsync(new MqttApplicationMessage
            {
                Topic = $"piles/{device}/status",
                PayloadSegment = payload,
                Retain = true,
                QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
            });
        }
    }

    /// <summary>Ends the nodes without a word.</summary>
    public async Task KillNodesAsync()
    {
        foreach (var node in Nodes)
            await node.KillAsync();
        Nodes.ForEach(node => node.Dispose());
        Nodes.Clear();
    }

    /// <summary>Lets everything wait that needs riders, orders or events, until what is returned is disposed.</summary>
    public async Task<NpgsqlConnection> JamAsync()
    {
        var blocker = new NpgsqlConnection(_database + ";Pooling=false");
        await blocker.OpenAsync();
        await AskAsync(blocker, "BEGIN; LOCK TABLE users, orders, seen_events IN ACCESS EXCLUSIVE MODE");
        return blocker;
    }

    /// <summary>How many connections of the nodes wait for a lock.</summary>
    public static async Task<long> WaitingAsync(NpgsqlConnection blocker) =>
        (long)(await AskAsync(blocker, "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"))!;

    public async ValueTask DisposeAsync()
    {
        if (_sender is not null)
            await _sender.DisposeAsync();
        Nodes.ForEach(node => node.Dispose());
        await Provider.DisposeAsync();
        await Broker.DisposeAsync();
        await Postgres.DisposeAsync();
        _directories.ForEach(directory => Directory.Delete(directory, recursive: true));
    }

    private async Task ChargeAsync()
    {
        var secrets = new Dictionary<string, string> { [Honest] = await Nodes[0].RegisterPileAsync(Honest), [Hostile] = await Nodes[0].RegisterPileAsync(Hostile) };
        await Broker.LetInAsync(secrets);
        Token = await Nodes[0].RegisterRiderAsync("13700000001");
        await using var honest = await ConnectAsync(Honest, secrets[Honest]);
        await using var hostile = await ConnectAsync(Hostile, secrets[Hostile]);
        var foreign = new[] { await ChargeAsync(honest, 1), await ChargeAsync(honest, 2) };
        var over = new[] { await ChargeAsync(hostile, 9), await ChargeAsync(hostile, 10) };
        hostile.EndCharge(9, EndReason.Full);
        hostile.EndCharge(10, EndReason.Full);
        await hostile.WaitUntilAsync("the ends were acknowledged", it => it.Unacknowledged.Count == 0);
        var live = new List<string>();
        for (var plug = 1; plug <= Charges; plug++)
            live.Add(await ChargeAsync(hostile, plug));
        Known = new KnownOrders(live, over, foreign, Known.CardNo);
        _sender = new HeavySender(Broker.PilePort, Hostile, secrets[Hostile]);
    }

    private async Task<SimulatedPile> ConnectAsync(string device, string secret)
    {
        var pile = new SimulatedPile(new SimulatedPileOptions { DeviceNo = device, Secret = secret, Port = Broker.PilePort });
        await pile.StartAsync();
        await pile.WaitUntilAsync("the pile knows the time", it => it.IsClockSet);
        return pile;
    }

    private async Task<string> ChargeAsync(SimulatedPile pile, int number)
    {
        var (device, plug) = (pile.Options.DeviceNo, number.ToString("D2", CultureInfo.InvariantCulture));
        var reserved = await Nodes[0].CallAsync("getOrderNo", new { deviceNo = device, plug }, Token);
        var orderNo = reserved.Data?.GetString() ?? throw new InvalidOperationException($"Plug {plug} was not reserved: {reserved.Text}");
        Provider.Books.Pay(orderNo, 500);
        var charged = await Nodes[0].CallAsync("mobilePaymentCharging", new { deviceNo = device, plug, orderNo, amount = 5.0 }, Token);
        return charged.Code == 200 ? orderNo : throw new InvalidOperationException($"Plug {plug} does not charge: {charged.Text}");
    }

    private static async Task<object?> AskAsync(NpgsqlConnection connection, string statement)
    {
        await using var command = new NpgsqlCommand(statement, connection);
        return await command.ExecuteScalarAsync();
    }
}
