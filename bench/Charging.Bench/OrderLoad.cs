using System.Diagnostics;

namespace Charging.Bench;

/// <summary>
/// Riders who order, pay and charge, each at a plug of their own, and the piles that obey: from getOrderNo through
/// mobilePaymentCharging and the pile's result to the acknowledged chargeEnded.
/// </summary>
internal sealed class OrderLoad : IDisposable
{
    /// <summary>Plugs of each pile, and so its riders.</summary>
    public const int PlugsOfAPile = 10;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);

    private readonly (string Device, BenchPile Pile)[] _piles;
    private readonly string[] _tokens;
    private readonly JsonClient _http;

    private OrderLoad((string, BenchPile)[] piles, string[] tokens, JsonClient http) => (_piles, _tokens, _http) = (piles, tokens, http);

    /// <summary>How many piles so many riders need.</summary>
    public static int PilesFor(int riders) => (riders + PlugsOfAPile - 1) / PlugsOfAPile;

    /// <summary>Connects all piles of a server.</summary>
    /// <param name="facts">The server; it has a pile for each ten riders.</param>
    /// <param name="json">Whether the piles write JSON; else binary.</param>
    public static async Task<OrderLoad> ConnectAsync(ServerFacts facts, bool json = false)
    {
        var piles = facts.Piles.Keys.Take(PilesFor(facts.Tokens.Length)).Select(device => (device, new BenchPile(device, json))).ToArray();
        foreach (var (device, pile) in piles)
            await pile.ConnectAsync(facts.MqttPort, facts.Piles[device]);
        var http = new JsonClient(facts.HttpPort);
        // A server behind a broker of its own hears of a pile somewhat later than that.
        foreach (var (device, _) in piles)
        {
            while ((await http.PostAsync("getPileStatus", new { body = new { deviceNo = device } }, facts.Tokens[0])).GetProperty("status").GetInt32() != 1)
                await Task.Delay(Look);
        }
        return new OrderLoad(piles, facts.Tokens, http);
    }

    /// <summary>Rides until the server is as fast as it gets. On PostgreSQL, where an order takes many more steps, that is after half a minute.</summary>
    public Task WarmUpAsync() => WarmUp.RunAsync(part => RunAsync(part));

    /// <summary>Whole orders a second.</summary>
    /// <param name="duration">For how long.</param>
    /// <param name="riders">How many ride at once; null for all.</param>
    public async Task<double> RunAsync(TimeSpan duration, int? riders = null)
    {
        var began = Stopwatch.GetTimestamp();
        var orders = await Task.WhenAll(Enumerable.Range(0, riders ?? _tokens.Length).Select(async rider =>
        {
            var count = 0;
            for (; Stopwatch.GetElapsedTime(began) < duration; count++)
                await RideAsync(rider);
            return count;
        }));
        return orders.Sum() / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>One whole order of a rider.</summary>
    /// <returns>How long the rider waited for power: from the payment to the answer that it charges.</returns>
    public async Task<TimeSpan> RideAsync(int rider)
    {
        var (device, pile) = _piles[rider / PlugsOfAPile];
        var number = rider % PlugsOfAPile + 1;
        var plug = $"{number:D2}";
        var orderNo = (await _http.PostAsync("getOrderNo", new { body = new { deviceNo = device, plug } }, _tokens[rider])).GetString()!;
        var body = new { body = new { deviceNo = device, plug, orderNo, amount = 1 } };
        var waited = await Latencies.TimeAsync(() => _http.PostAsync("mobilePaymentCharging", body, _tokens[rider]));
        await pile.EndAsync(orderNo, (uint)number);
        return waited;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, pile) in _piles)
            pile.Dispose();
        _http.Dispose();
    }
}
