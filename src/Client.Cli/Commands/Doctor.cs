using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Encodings.Web;
using System.Text.Json;
using Charging.Ops.V1;
using Grpc.Core;
using Spectre.Console;

namespace Charging.Client.Cli.Commands;

/// <summary>`doctor`.</summary>
internal static class Doctor
{
    private const int DefaultHttpPort = 8090;
    private const int DefaultMqttPort = 1883;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LargestSkew = TimeSpan.FromSeconds(2);

    private static readonly JsonSerializerOptions JsonForm =
        new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One thing that was looked at.</summary>
    private sealed record Check(string Name, bool Ok, string Message);

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command(
        "doctor",
        "Finds out whether everything is reachable, whether clocks are right, and what is misconfigured. Exit code 1 when something is wrong.").Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var checks = new List<Check>();
        var diagnosis = await CallAsync(session, checks, cancel);
        checks.Add(await HttpAsync(session.Address, Find(diagnosis, "Http", DefaultHttpPort), cancel));
        // Of an external broker the server's own warnings tell: it may be out of reach from here.
        if (diagnosis is { MqttBroker.Length: > 0 })
            checks.Add(new Check("mqtt", true, $"The broker is at {diagnosis.MqttBroker} for this server."));
        else
            checks.Add(await MqttAsync(session.Address, Find(diagnosis, "Mqtt", DefaultMqttPort), cancel));
        checks.AddRange(diagnosis?.Warnings.Select(warning => new Check("setup", false, warning)) ?? []);
        var ok = checks.All(check => check.Ok);
        if (session.Json)
            session.Output.WriteLine(JsonSerializer.Serialize(new { ok, checks }, JsonForm));
        else
            Write(session.Console, checks, diagnosis);
        return ok ? 0 : 1;
    }

    private static async Task<Diagnosis?> CallAsync(Session session, List<Check> checks, CancellationToken cancel)
    {
        try
        {
            var before = DateTimeOffset.UtcNow;
            var options = new CallOptions(deadline: (before + 3 * Patience).UtcDateTime, cancellationToken: cancel);
            var diagnosis = (await session.System.DiagnoseAsync(new DiagnoseRequest(), options)).Diagnosis;
            var after = DateTimeOffset.UtcNow;
            checks.Add(new Check("grpc", true, $"{session.Address} answers, version {diagnosis.Version}."));
            checks.Add(Clock(diagnosis.ServerTime.ToDateTimeOffset(), before, after));
            return diagnosis;
        }
        catch (RpcException e) when (!cancel.IsCancellationRequested)
        {
            checks.Add(new Check("grpc", false, session.Explain(e)));
        }
        catch (CliException e)
        {
            checks.Add(new Check("grpc", false, e.Message));
        }
        return null;
    }

    private static Check Clock(DateTimeOffset server, DateTimeOffset before, DateTimeOffset after)
    {
        // The server looked at its clock at some time between the two.
        var skew = server < before ? server - before : server > after ? server - after : TimeSpan.Zero;
        var seconds = skew.TotalSeconds.ToString("+0.0;-0.0;0", CultureInfo.InvariantCulture);
        return skew.Duration() <= LargestSkew
            ? new Check("clock", true, "The server's clock and this machine's agree.")
            : new Check("clock", false, $"The server's clock is {seconds} s off this machine's: set both by NTP, for orders and commands expire by the clock.");
    }

    private static Listener Find(Diagnosis? diagnosis, string name, int port) =>
        diagnosis?.Listeners.FirstOrDefault(listener => listener.Name == name) ?? new Listener { Name = name, Port = port };

    private static async Task<Check> HttpAsync(Uri address, Listener listener, CancellationToken cancel)
    {
        if (IsOutOfReach(address, listener))
            return NotTried("http", listener);
        var url = new UriBuilder(listener.Tls ? "https" : "http", address.Host, listener.Port, "readyz").Uri;
        try
        {
            using var http = new HttpClient { Timeout = Patience };
            using var response = await http.GetAsync(url, cancel);
            return response.IsSuccessStatusCode
                ? new Check("http", true, $"{url} is ready.")
                : new Check("http", false, $"{url} is not ready ({(int)response.StatusCode}): {await response.Content.ReadAsStringAsync(cancel)}");
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            return new Check("http", false, $"{url} does not answer ({e.GetBaseException().Message}): look at Kestrel:Endpoints:Http and at firewalls.");
        }
    }

    private static async Task<Check> MqttAsync(Uri address, Listener listener, CancellationToken cancel)
    {
        if (IsOutOfReach(address, listener))
            return NotTried("mqtt", listener);
        var place = $"{address.Host}:{listener.Port}";
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(address.IdnHost, listener.Port, cancel).AsTask().WaitAsync(Patience, cancel);
            return new Check("mqtt", true, $"{place} takes connections{(listener.Tls ? ", encrypted" : "")}.");
        }
        catch (Exception e) when (e is SocketException or TimeoutException)
        {
            return new Check("mqtt", false, $"{place} takes no connections ({e.Message}): look at Kestrel:Endpoints:Mqtt and at firewalls.");
        }
    }

    private static bool IsOutOfReach(Uri address, Listener listener) => listener.Loopback && !address.IsLoopback;

    private static Check NotTried(string name, Listener listener) =>
        new(name, true, $"Port {listener.Port} serves the server's own machine alone, so it was not tried from here.");

    private static void Write(IAnsiConsole console, List<Check> checks, Diagnosis? diagnosis)
    {
        var grid = new Grid().AddColumn().AddColumn().AddColumn();
        foreach (var check in checks)
            grid.AddRow(new Text(check.Ok ? "ok" : "wrong", new Style(check.Ok ? Color.Green : Color.Red)), new Text(check.Name), new Text(check.Message));
        console.Write(grid);
        if (diagnosis is null)
            return;
        console.WriteLine();
        console.Fields(
            ("piles online", $"{diagnosis.PilesOnline} of {diagnosis.PilesRegistered}"),
            ("orders in trouble", AtMost(diagnosis.OrdersInTrouble) + Hint(diagnosis.OrdersInTrouble, "orders list --trouble")),
            ("orders at piles that are offline", Format.Number(diagnosis.OrdersAtOfflinePiles) + Hint(diagnosis.OrdersAtOfflinePiles, "orders list --offline")),
            ("refunds owed", AtMost(diagnosis.RefundsOwed)),
            ("work that is due", Format.Number(diagnosis.DueWaiting)),
            ("messages set aside", AtMost(diagnosis.Quarantined)),
            ("payments", diagnosis.PaymentProvider),
            ("SMS", diagnosis.SmsProvider));
    }

    private static string Hint(int count, string command) => count == 0 ? "" : $" ('{command}')";

    private static string AtMost(int count) => count >= 200 ? "200 or more" : Format.Number(count);
}
