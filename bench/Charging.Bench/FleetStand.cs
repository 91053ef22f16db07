using System.Diagnostics;
using System.Text.Json;

namespace Charging.Bench;

/// <summary>Two servers that know the same piles: one with the whole fleet connected, and one with a single pile. Each has that pile and its riders.</summary>
internal sealed class FleetStand : IAsyncDisposable
{
    /// <summary>Riders at the single pile.</summary>
    public const int Riders = 4;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(4);

    private readonly Process _fleet;

    private FleetStand(Side alone, Side crowded, Process fleet) => (Alone, Crowded, _fleet) = (alone, crowded, fleet);

    /// <summary>The server with one pile.</summary>
    public Side Alone { get; }

    /// <summary>The server with the fleet.</summary>
    public Side Crowded { get; }

    /// <summary>Starts them; the fleet is not connected yet.</summary>
    public static async Task<FleetStand> StartAsync(int piles)
    {
        var (alone, crowded) = (await Side.StartAsync(piles), await Side.StartAsync(piles));
        var facts = crowded.Server.Facts;
        var fleet = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["fleet", $"{facts.MqttPort}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        // The first is the one that both servers have.
        await fleet.StandardInput.WriteLineAsync(JsonSerializer.Serialize(facts.Piles.Skip(1).ToDictionary()));
        return new FleetStand(alone, crowded, fleet);
    }

    /// <summary>Connects piles of the fleet until there are so many.</summary>
    public async Task ConnectAsync(int piles)
    {
        await _fleet.StandardInput.WriteLineAsync($"{piles}");
        if (await _fleet.StandardOutput.ReadLineAsync() is null)
            throw new InvalidOperationException("The fleet has ended.");
    }

    /// <summary>Measures both in turn, a short while each, for neither the disk nor the processor is the same from one to the next.</summary>
    public async Task<Pair> InTurnAsync(int times, Func<Side, Task<Latencies>> measure)
    {
        var (alone, crowded) = (new List<Latencies>(), new List<Latencies>());
        for (var i = 0; i < times; i++)
        {
            alone.Add(await measure(Alone));
            crowded.Add(await measure(Crowded));
        }
        return new Pair(Latencies.Of(alone), Latencies.Of(crowded));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _fleet.Kill();
        await _fleet.WaitForExitAsync();
        _fleet.Dispose();
        await Alone.DisposeAsync();
        await Crowded.DisposeAsync();
    }

    /// <summary>The same of both servers.</summary>
    internal sealed record Pair(Latencies Alone, Latencies Crowded)
    {
        /// <summary>Cells of a table.</summary>
        public string Cells => $"{Alone.P99:0.00} | {Crowded.P99:0.00} | {Alone.P50:0.00} | {Crowded.P50:0.00}";
    }

    /// <summary>A server with its one pile and the riders there.</summary>
    internal sealed class Side : IAsyncDisposable
    {
        private readonly OrderLoad _orders;
        private readonly JsonClient _http;
        private readonly byte[] _body;

        private Side(ServerProcess server, OrderLoad orders)
        {
            (Server, _orders) = (server, orders);
            _http = new JsonClient(server.Facts.HttpPort);
            _body = JsonSerializer.SerializeToUtf8Bytes(new { body = new { deviceNo = Device } });
        }

        public ServerProcess Server { get; }

        /// <summary>The pile's number.</summary>
        public string Device => Server.Facts.Piles.Keys.First();

        /// <summary>Starts one that knows so many piles beside its own.</summary>
        public static async Task<Side> StartAsync(int piles)
        {
            var server = await ServerProcess.StartAsync(Riders, piles + 1);
            return new Side(server, await OrderLoad.ConnectAsync(server.Facts));
        }

        /// <summary>
        /// How long getPileStatus takes for riders who pause between two calls: without that they would wait for the processor,
        /// which the load and the fleet's process use too.
        /// </summary>
        public Task<Latencies> ReadAsync(TimeSpan duration) => Latencies.MeasureAsync(Riders, duration, async rider =>
        {
            await Task.Delay(Pause);
            return await Latencies.TimeAsync(() => _http.ReadAsync("getPileStatus", _body, Server.Facts.Tokens[rider]));
        });

        /// <summary>How long riders wait from the payment to power.</summary>
        public Task<Latencies> StartChargesAsync(TimeSpan duration) => Latencies.MeasureAsync(Riders, duration, _orders.RideAsync);

        /// <summary>How long a command alone takes up to its result.</summary>
        public async Task<Latencies> CommandAsync(int count) =>
            new(JsonSerializer.Deserialize<double[]>(await Server.AskAsync($"ask {Device} {count}"))!);

        /// <inheritdoc/>
        public async ValueTask DisposeAsync()
        {
            _orders.Dispose();
            _http.Dispose();
            Server.Dispose();
        }
    }
}
