using System.Collections.Concurrent;
using System.Globalization;
using Charging.MqttBroker;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;
using Charging.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Charging.Reliability.Crash;

/// <summary>A data directory, the piles and riders that live with it, and what was found wrong.</summary>
internal sealed class CrashWorld : IAsyncDisposable
{
    private const int PlugCount = 10;
    private static int _phones;

    private readonly Dictionary<DeviceNo, SimulatedPile> _piles = [];
    private readonly CrashOptions _options;
    private readonly CrashCounts _counts;
    private readonly List<CrashRider> _riders;

    private CrashWorld(CrashOptions options, CrashCounts counts, int number)
    {
        (_options, _counts) = (options, counts);
        _riders = [.. Enumerable.Range(0, options.Riders).Select(rider => new CrashRider(this, rider, HashCode.Combine(options.Seed, number, rider)))];
    }

    /// <summary>Where the server keeps its data.</summary>
    public string DataDirectory { get; } = System.IO.Directory.CreateTempSubdirectory("charging-crash-").FullName;

    /// <summary>The port for piles.</summary>
    public int MqttPort { get; } = FixedPort.Take();

    /// <summary>Makes the directory with its piles, and connects them.</summary>
    public static async Task<CrashWorld> OpenAsync(CrashOptions options, CrashCounts counts, int number)
    {
        var world = new CrashWorld(options, counts, number);
        await using var store = Open(world.DataDirectory);
        var admin = new PileAdmin(store, new NoLink());
        for (var pile = 0; pile < options.Piles; pile++)
        {
            var device = DeviceNo.Parse((0xC0 + pile).ToString("X10", CultureInfo.InvariantCulture));
            var secret = await admin.RegisterAsync(device, PlugCount, PlugNumbers.Decimal);
            world._piles[device] = new SimulatedPile(new SimulatedPileOptions
            {
                DeviceNo = device.ToString(),
                Secret = secret!,
                Port = world.MqttPort,
                PlugCount = PlugCount,
                Encoding = pile % 2 == 0 ? PileEncoding.Json : PileEncoding.Binary,
                FirstResend = TimeSpan.FromSeconds(1),
                LongestReconnectPause = TimeSpan.FromMilliseconds(200),
                NextVehicleAfter = TimeSpan.FromMilliseconds(50),
            });
        }
        foreach (var pile in world._piles.Values)
            pile.Start();
        return world;
    }

    /// <summary>Starts the server on the directory. It does not listen yet.</summary>
    public ServerProcess Launch() => ServerProcess.Launch(
        _options.Plant == Plant.None ? ["Charging.Server.dll"] : ["Charging.Reliability.dll", "serve", $"{_options.Plant}"],
        DataDirectory,
        [
            $"--Charging:Orders:Reservation={CrashRider.Reservation}",
            "--Charging:Orders:CardAmountFen=5",
            "--Charging:Cards:MaxSwipesPerHour=1000",
            "--Charging:Codes:MaxSmsPerMinute=1000",
            // A charge lasts a second or two.
            "--Charging:Orders:PricePerHourFen=25000",
            "--Charging:Orders:StartTimeout=00:00:03",
            // Few riders do what many do.
            "--Charging:Orders:MaxLiveOrders=100",
            "--Charging:Orders:MaxStartsPerPlugAndHour=1000000",
            "--Charging:Orders:MaxUnpaidPerHour=1000000",
            $"--Kestrel:Endpoints:Mqtt:Url=http://127.0.0.1:{MqttPort}",
        ]);

    public void CountAnswer() => Interlocked.Increment(ref _counts.Acknowledged);

    public void CountDoubt() => Interlocked.Increment(ref _counts.InDoubt);

    public void CountOrder() => Interlocked.Increment(ref _counts.Orders);

    public void Fault(string fault) => _counts.Faults.Enqueue(fault);

    public string NewPhone() => (13_800_000_000 + Interlocked.Increment(ref _phones)).ToString(CultureInfo.InvariantCulture);

    public PlugId AnyPlug(Random random) => new(_piles.Keys.ElementAt(random.Next(_piles.Count)), random.Next(1, PlugCount + 1));

    public SimulatedPile Pile(DeviceNo device) => _piles[device];

    /// <summary>All riders live until the server is killed.</summary>
    public Task LiveAsync(ServerProcess server, CancellationToken killed) => Task.WhenAll(_riders.Select(rider => rider.RunAsync(server, killed)));

    /// <summary>A pile's supply fails for a moment.</summary>
    public void RebootOne(Random random) => _piles.Values.ElementAt(random.Next(_piles.Count)).Reboot();

    /// <summary>
    /// Opens a copy of what the server left behind, compares it with what everybody was told, and checks the invariants.
    /// </summary>
    /// <param name="copy">Where the copy lies; it is removed.</param>
    /// <param name="killedAt">When the server was killed, UTC.</param>
    /// <returns>How many orders have not ended.</returns>
    public async Task<int> CheckAsync(string copy, DateTimeOffset killedAt)
    {
        List<string> faults = [];
        var open = 0;
        await using (var store = Open(copy))
        {
            faults.AddRange(await MoneyCheck.FaultsAsync(store));
            await store.RunAsync(async tx =>
            {
                foreach (var rider in _riders)
                    await rider.CheckAsync(tx, killedAt, faults);
                foreach (var (device, pile) in _piles)
                    await CheckAsync(tx, device, pile, faults);
                return true;
            });
            await foreach (var order in store.ScanAsync(OrderTables.ByTime))
            {
                open += order.State is OrderState.Settled or OrderState.Refunded or OrderState.Cancelled or OrderState.Expired ? 0 : 1;
                if (_piles[order.Plug.Device].StartsObeyed(order.No.ToString()) > 1)
                    faults.Add($"Order {order.No} closed the relay more than once.");
            }
        }
        System.IO.Directory.Delete(copy, recursive: true);
        faults.ForEach(Fault);
        return open;
    }

    /// <summary>Copies what the server left behind.</summary>
    public string Copy()
    {
        var copy = System.IO.Directory.CreateTempSubdirectory("charging-crash-copy-").FullName;
        foreach (var file in System.IO.Directory.GetFiles(DataDirectory))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        return copy;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var pile in _piles.Values)
        {
            _counts.Charges += pile.Totals.ChargesStarted;
            await pile.DisposeAsync();
        }
        System.IO.Directory.Delete(DataDirectory, recursive: true);
    }

    /// <summary>What a pile was told: acknowledged events, accepted swipes, orders to start.</summary>
    private static async ValueTask CheckAsync(ITransaction tx, DeviceNo device, SimulatedPile pile, List<string> faults)
    {
        foreach (var command in pile.Received)
        {
            var eventId = command.EventAck?.EventId ?? command.CardDecision?.EventId;
            if (eventId is { } id && await tx.GetAsync(PileTables.SeenEvents, SeenEvent.KeyOf(device, 1, id)) is var seen
                && (seen is null || (command.CardDecision is { } decision && decision.Accepted != seen.Accepted)))
                faults.Add($"Event {id} of {device} was answered, and the answer is gone.");
            if (command.StartCharge is { } start
                && await tx.GetAsync(OrderTables.Orders, start.OrderNo) is not { StartCommand: not StartCommand.NeverSent })
                faults.Add($"{device} was told to start {start.OrderNo}, which is not known or not paid.");
        }
    }

    private static LiteDbStore Open(string directory) =>
        new(directory, Tables.All, Tables.Migrations, [], TimeProvider.System, new LiteDbOptions(), NullLogger<LiteDbStore>.Instance);

    private sealed class NoLink : IPileLink
    {
        public ValueTask<bool> SendAsync(DeviceNo device, Device.V1.Command command, CancellationToken cancellationToken = default) => new(false);

        public ValueTask DisconnectAsync(DeviceNo device, CancellationToken cancellationToken = default) => default;
    }
}

/// <summary>What a run has counted.</summary>
internal sealed class CrashCounts
{
    public long Acknowledged;
    public long InDoubt;
    public long Orders;
    public long Charges;

    public ConcurrentQueue<string> Faults { get; } = new();
}
