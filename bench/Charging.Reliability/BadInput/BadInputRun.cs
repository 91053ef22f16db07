using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Charging.MqttBroker;
using Charging.PileSimulator;
using Charging.Server.Calls;
using Charging.Server.Piles;
using Charging.Testing;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Charging.Reliability.BadInput;

/// <summary>What came of a run.</summary>
/// <param name="Requests">Requests over JSON.</param>
/// <param name="Messages">Messages over MQTT.</param>
/// <param name="Codes">How often each code was answered.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Faults">What was answered outside the contract, logged as an error or broken, in sentences with the seed that repeats it.</param>
public sealed record BadInputReport(
    long Requests, long Messages, IReadOnlyDictionary<int, long> Codes, TimeSpan Elapsed, IReadOnlyList<string> Faults)
{
    /// <summary>The table.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"""

        | requests | messages | faults | time | answers |
        |---|---|---|---|---|
        | {Requests} | {Messages} | {Faults.Count} | {Elapsed:hh\:mm\:ss} | {string.Join(", ", Codes.OrderBy(c => c.Key).Select(c => $"{c.Key}: {c.Value}"))} |
        {string.Join('\n', Faults.Take(50))}
        """);
}

/// <summary>
/// R5: generated and mutated bad input on every route, and on every topic in both encodings through authenticated piles. The
/// server must answer within the contract, log no error, and serve an honest rider at an honest pile afterwards.
/// </summary>
public static class BadInputRun
{
    private const int Callers = 4;

    /// <summary>Runs.</summary>
    /// <param name="count">How many inputs, half of them requests, half messages.</param>
    /// <param name="seed">Repeats the inputs of a run; null for new ones.</param>
    /// <param name="progress">Told a line now and then.</param>
    public static async Task<BadInputReport> RunAsync(int count, string? seed = null, Action<string>? progress = null)
    {
        var clock = Stopwatch.StartNew();
        var run = new Counts();
        string[] settings =
        [
            "--Charging:Mqtt:PacketsPerSecond=1000000", "--Charging:Mqtt:PacketBurst=1000000", "--Charging:Orders:StartTimeout=00:00:02", "--Charging:Orders:StopTimeout=00:00:02", "--Charging:Orders:PricePerHourFen=25000",
            .. ChargingApp.ManyRiders,
            "--Charging:Orders:MaxStartsPerPlugAndHour=1000000", "--Charging:Orders:MaxUnpaidPerHour=1000000",
            "--Logging:LogLevel:Default=Error", "--Logging:LogLevel:Grpc=Error", "--Logging:LogLevel:Microsoft.AspNetCore=Error",
        ];
        await using (var app = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = settings }))
        {
            var honest = await app.AddPileAsync(new SimulatedPileOptions { DeviceNo = "", Secret = "", NextVehicleAfter = TimeSpan.FromMilliseconds(50) });
            var rider = await app.RegisterAsync();
            await rider.TopUpAsync(5);
            var names = new KnownNames(honest.Options.DeviceNo, rider.Phone, (await rider.ReserveAsync(honest.Options.DeviceNo, "01")).Data!.Value.GetString()!);
            var work = Enumerable.Range(0, Callers).SelectMany(caller => new[]
            {
                Task.Run(() => SendRequestsAsync(app, rider, names, Random(seed, caller), count / 2 / Callers, run)),
                Task.Run(() => SendMessagesAsync(app, names, Random(seed, Callers + caller), count / 2 / Callers, run)),
            });
            var all = Task.WhenAll(work);
            while (progress is not null && await Task.WhenAny(all, Task.Delay(TimeSpan.FromSeconds(30))) != all)
                progress($"{run.Requests} requests, {run.Messages} messages, {run.Faults.Count} faults, {clock.Elapsed:hh\\:mm\\:ss}");
            await all;
            await ServeHonestlyAsync(app, run);
            foreach (var error in app.Log.Records.Where(record => record.Level >= LogLevel.Error))
            {
                run.Faults.Enqueue($"Logged: {error}");
                app.ExpectError(error.ToString());
            }
        }
        return new BadInputReport(run.Requests, run.Messages, run.Codes, clock.Elapsed, [.. run.Faults]);
    }

    private static PCG Random(string? seed, int stream) => seed is null ? new PCG((uint)stream) : new PCG((uint)stream, ulong.Parse(seed, CultureInfo.InvariantCulture));

    private static async Task SendRequestsAsync(ChargingApp app, Rider rider, KnownNames names, PCG random, int count, Counts run)
    {
        var requests = BadRequests.Of(names);
        Rider? leaving = null;
        for (var i = 0; i < count; i++)
        {
            var repeat = random.ToString();
            var request = requests.Generate(random, null, out _);
            using var message = new HttpRequestMessage(HttpMethod.Post, Routes.Prefix + request.Route) { Content = new ByteArrayContent(request.Body) };
            message.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
            // Whoever logs out is somebody else, or all that follows would be refused for want of a token.
            if (request is { WithToken: true, Route: "logout" })
                message.Headers.TryAddWithoutValidation("Authorization", (leaving ??= await app.RegisterAsync()).Token);
            else if (request.WithToken)
                message.Headers.TryAddWithoutValidation("Authorization", rider.Token);
            using var response = await app.Http.SendAsync(message);
            var text = await response.Content.ReadAsStringAsync();
            Interlocked.Increment(ref run.Requests);
            if (request.Route == "logout" && text.Contains("\"code\":200", StringComparison.Ordinal))
                leaving = null;
            if (Complaint(request, (int)response.StatusCode, text, run) is { } complaint)
                run.Faults.Enqueue($"{request.Route} {Convert.ToBase64String(request.Body.AsSpan(0, Math.Min(request.Body.Length, 2000)))} (seed {repeat}): {complaint}");
        }
    }

    private static string? Complaint(BadRequest request, int status, string text, Counts run)
    {
        if (status != 200)
            return $"HTTP {status}: {text}";
        try
        {
            var answer = Answer.Parse(text);
            run.Codes.AddOrUpdate(answer.Code, 1, (_, known) => known + 1);
            // Nothing here overloads the server, so what an overload may answer is a fault too.
            return answer.Code is 402 or 5000 || !RouteCodes.Allows(Routes.All[request.Route].FullName, answer.Code) ? text : null;
        }
        catch (FormatException outside)
        {
            return outside.Message;
        }
    }

    private static async Task SendMessagesAsync(ChargingApp app, KnownNames names, PCG random, int count, Counts run)
    {
        var device = ChargingApp.NewDeviceNo();
        var secret = await app.Services.GetRequiredService<PileAdmin>().RegisterAsync(DeviceNo.Parse(device), 10, PlugNumbers.Decimal);
        await using var pile = await RawSender.ConnectAsync(app.Port("Mqtt"), device, secret!);
        var messages = BadMessages.Of(names);
        for (var i = 0; i < count; i++)
        {
            var repeat = random.ToString();
            var message = messages.Generate(random, null, out _);
            await pile.SendAsync(message.Topic, message.Payload);
            Interlocked.Increment(ref run.Messages);
            if (pile.IsConnected)
                continue;
            run.Faults.Enqueue($"{message.Topic} {Convert.ToBase64String(message.Payload)} (seed {repeat}): the connection was closed.");
            return;
        }
    }

    private static async Task ServeHonestlyAsync(ChargingApp app, Counts run)
    {
        var pile = await app.AddPileAsync();
        var rider = await app.RegisterAsync();
        var device = pile.Options.DeviceNo;
        var orderNo = (await rider.ReserveAsync(device, "01")).Data?.GetString() ?? "";
        var charged = await rider.ChargeAsync(device, "01", orderNo, 1);
        pile.BatteryFull(1);
        await pile.WaitUntilAsync("the end was acknowledged", it => it.Unacknowledged.Count == 0);
        if (charged.Code != 200 || pile.StartsObeyed(orderNo) != 1)
            run.Faults.Enqueue($"Afterwards an honest charge was answered {charged.Text}");
        await app.CheckInvariantsAsync();
    }

    private sealed class Counts
    {
        public long Requests;
        public long Messages;

        public ConcurrentDictionary<int, long> Codes { get; } = new();

        public ConcurrentQueue<string> Faults { get; } = new();
    }
}
