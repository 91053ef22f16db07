using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace Charging.Bench;

/// <summary>
/// P2: whole orders, from getOrderNo through mobilePaymentCharging and the pile's result to the acknowledged chargeEnded,
/// 256 riders at once, against the same build with a batch of one operation. Each side is a fresh server, in turn.
/// </summary>
internal static class OrderBench
{
    /// <summary>How many ride at once.</summary>
    internal const int Riders = 256;

    private const int PlugsOfAPile = 10;

    public static async Task<int> RunAsync(string[] args)
    {
        var seconds = args.Length > 0 ? int.Parse(args[0]) : 10;
        var rounds = args.Length > 1 ? int.Parse(args[1]) : 3;
        var (batched, single) = (new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            batched.Add(await MeasureAsync(seconds, "--Charging:Store:MaxBatch=512"));
            single.Add(await MeasureAsync(seconds, "--Charging:Store:MaxBatch=1"));
            Console.WriteLine($"round {round + 1}: {batched[^1]:0} and {single[^1]:0} orders/s");
        }
        var (a, b) = (batched.Order().ElementAt(rounds / 2), single.Order().ElementAt(rounds / 2));
        Console.WriteLine("| orders/s, group commit | orders/s, batch of one | ratio | to reach |");
        Console.WriteLine("|---|---|---|---|");
        Console.WriteLine($"| {a:0} | {b:0} | {a / b:0.0} | 8 |");
        return 0;
    }

    /// <summary>Whole orders a second of a fresh server.</summary>
    /// <param name="seconds">How long it is measured, after it was warmed up.</param>
    /// <param name="settings">The server's settings.</param>
    internal static async Task<double> MeasureAsync(int seconds, params string[] settings)
    {
        const int Piles = (Riders + PlugsOfAPile - 1) / PlugsOfAPile;
        using var server = await ServerProcess.StartAsync(Riders, Piles, settings);
        var piles = server.Facts.Piles.Keys.Select(device => (Device: device, Pile: new BenchPile(device))).ToArray();
        foreach (var (device, pile) in piles)
            await pile.ConnectAsync(server.Facts.MqttPort, server.Facts.Piles[device]);
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Riders })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{server.Facts.HttpPort}/wechat/smallapplet/"),
        };
        // Until the code is compiled for good.
        await LoadAsync(TimeSpan.FromSeconds(10));
        var rate = await LoadAsync(TimeSpan.FromSeconds(seconds));
        foreach (var (_, pile) in piles)
            await pile.DisposeAsync();
        return rate;

        async Task<double> LoadAsync(TimeSpan duration)
        {
            var started = Stopwatch.GetTimestamp();
            var orders = await Task.WhenAll(server.Facts.Tokens.Select((token, rider) => RideAsync(token, rider, duration)));
            return orders.Sum() / Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        async Task<int> RideAsync(string token, int rider, TimeSpan duration)
        {
            var (device, pile) = piles[rider / PlugsOfAPile];
            var number = rider % PlugsOfAPile + 1;
            var plug = $"{number:D2}";
            var orders = 0;
            for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < duration; orders++)
            {
                var orderNo = (await PostAsync("getOrderNo", new { body = new { deviceNo = device, plug } }, token)).GetString()!;
                await PostAsync("mobilePaymentCharging", new { body = new { deviceNo = device, plug, orderNo, amount = 1 } }, token);
                await pile.EndAsync(orderNo, (uint)number);
            }
            return orders;
        }

        async Task<JsonElement> PostAsync(string route, object body, string token)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, route) { Content = JsonContent.Create(body) };
            request.Headers.TryAddWithoutValidation("Authorization", token);
            using var response = await http.SendAsync(request);
            var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
            return answer.GetProperty("code").GetInt32() == 200
                ? answer.TryGetProperty("data", out var data) ? data : default
                : throw new InvalidOperationException($"{route}: {answer}");
        }
    }
}
