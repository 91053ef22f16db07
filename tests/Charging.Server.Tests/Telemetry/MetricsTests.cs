using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;
using Charging.Device.V1;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Storage;
using Charging.Server.Telemetry;
using Charging.Server.Tests.Attack;
using Charging.Server.Tests.Documents;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Telemetry;

/// <summary>What an operator's Prometheus reads at `/metrics`.</summary>
[Collection(nameof(Alone))]
public sealed partial class MetricsTests
{
    [Fact]
    public async Task One_charge_and_one_failed_start_are_counted()
    {
        await using var stand = await Stand.OpenAsync();
        await stand.BeginAsync(plug: 2);
        stand.Pile.Faults = new PileFaults { RejectStarts = RejectReason.NothingConnected };
        var failed = await stand.ReserveAsync(plug: 3);
        Assert.Equal(4000, (await stand.ChargeAsync(failed, plug: 3)).Code);
        await stand.UntilAsync(failed, OrderState.Refunded);
        var before = await ReadAsync(stand.App);

        Assert.Equal(1, before["charging_starts_total{outcome=\"power\"}"]);
        Assert.Equal(1, before["charging_starts_total{outcome=\"rejected\"}"]);
        Assert.Equal(1, before["charging_start_duration_seconds_count"]);
        Assert.Equal(1, before["charging_start_duration_seconds_bucket{le=\"1\"}"]);
        Assert.Equal((1, 1), (before["charging_piles_registered"], before["charging_piles_online"]));
        Assert.Equal((9, 1, 0), (before["charging_plugs{state=\"free\"}"], before["charging_plugs{state=\"busy\"}"], before["charging_plugs{state=\"fault\"}"]));
        Assert.Equal(1, before["charging_orders_live{state=\"charging\"}"]);
        Assert.Equal((0, 0), (before["charging_refunds_owed"], before["charging_refunds_owed_fen"]));
        Assert.Equal(1, before["charging_logins_total{code=\"200\",kind=\"register\"}"]);
        Assert.Equal(1, before["charging_sms_total{outcome=\"sent\"}"]);
        Assert.Equal(1, before["charging_mqtt_connections"]);
        Assert.True(before["charging_store_batch_operations_count"] > 10);
        Assert.True(before["charging_store_batch_duration_seconds_sum"] > 0);

        stand.Pile.BatteryFull(2);
        await Retry.Until("the end is counted", async () => (await ReadAsync(stand.App)).GetValueOrDefault("charging_charges_ended_total{reason=\"Full\"}") == 1);
        Assert.False((await ReadAsync(stand.App)).TryGetValue("charging_orders_live{state=\"charging\"}", out var live) && live > 0);
    }

    [Fact]
    public async Task Refunds_that_the_provider_does_not_do_are_owed_also_after_a_restart()
    {
        await using var stand = await Stand.OpenAsync(settings: "--Charging:Payment:Sandbox=Confirm");
        stand.Pile.Faults = new PileFaults { RejectStarts = RejectReason.NothingConnected };
        var orderNo = await stand.ReserveAsync();
        stand.App.Provider.RefusesRefunds = true;
        Assert.Equal(4000, (await stand.ChargeAsync(orderNo)).Code);

        await Retry.Until("one refund is owed", async () => (await ReadAsync(stand.App)) is var read && read["charging_refunds_owed"] == 1 && read["charging_refunds_owed_fen"] == 101);
        await Retry.Until("the provider has refused it", async () => await stand.App.Services.GetRequiredService<IStore>().RunAsync(
            async tx => await tx.GetAsync(DueRows.Table, DueRow.KeyOf(DueKind.Refund, $"{orderNo}R1")) is { Tries: 1, LeasedBy: null }));
        await stand.App.RestartAsync();
        Assert.Equal(101, (await ReadAsync(stand.App))["charging_refunds_owed_fen"]);
    }

    [Fact]
    public async Task What_waits_for_a_provider_that_does_not_answer_is_counted()
    {
        var provider = new AwkwardProvider { ClosesSlowly = true };
        await using var stand = await Stand.OpenAsync(configure: provider.Use, settings: "--Charging:Payment:OwnPaymentService=true");
        await stand.App.Services.GetRequiredService<IStore>().RunAsync(tx =>
        {
            for (var n = 0; n < 70; n++)
                tx.Put(DueRows.Table, new DueRow { Kind = DueKind.Close, Subject = $"20191204{n:D10}", DueAt = tx.Now });
            return ValueTask.FromResult(true);
        });
        await Retry.Until("all slots are taken", () => provider.Closing == 64);

        await Retry.Until("the page is new", async () => (await ReadAsync(stand.App))["charging_due_waiting"] == 6);
        provider.LetGo();
        await Retry.Until("nothing waits", async () => (await ReadAsync(stand.App))["charging_due_waiting"] == 0);
    }

    [Fact]
    public async Task What_another_node_did_is_seen_and_not_counted_again()
    {
        await using var stand = await Stand.OpenAsync();
        var order = await stand.OrderAsync(await stand.BeginAsync());
        var watch = stand.App.Services.GetRequiredService<ChargeWatch>();
        const string Lost = "charging_charges_ended_total{reason=\"LOST\"}";
        var before = (await ReadAsync(stand.App)).GetValueOrDefault(Lost);

        watch.Committed([new Change(OrderTables.Orders, order.No.ToString(), order.EndLost(stand.Clock.GetUtcNow()), IsOwn: false)]);
        watch.Committed([new Change(OrderTables.Orders, order.No.ToString(), order)]);
        watch.Committed([new Change(OrderTables.Orders, order.No.ToString(), order.EndLost(stand.Clock.GetUtcNow()))]);

        // Both are counted by now, or one: the page is kept for a moment, and then shows it.
        await Retry.Until("the page is new", async () => (await ReadAsync(stand.App)).GetValueOrDefault(Lost) > before);
        Assert.Equal(before + 1, (await ReadAsync(stand.App))[Lost]);
    }

    [Fact]
    public async Task A_silent_pile_is_a_silent_start()
    {
        await using var stand = await Stand.OpenAsync();
        stand.Pile.Faults = new PileFaults { Silent = true };
        var orderNo = await stand.ReserveAsync();
        Assert.Equal(4000, (await stand.WhileAsync(stand.ChargeAsync(orderNo))).Code);

        Assert.Equal(1, (await ReadAsync(stand.App))["charging_starts_total{outcome=\"silent\"}"]);
    }

    [Theory]
    [InlineData(null, null, false, HttpStatusCode.Unauthorized)]
    [InlineData(null, null, true, HttpStatusCode.OK)]
    [InlineData("Loopback", null, false, HttpStatusCode.OK)]
    [InlineData("Loopback --Charging:TrustedProxies:0=192.0.2.1", null, false, HttpStatusCode.Unauthorized)]
    [InlineData("Loopback", "Host", false, HttpStatusCode.Unauthorized)]
    [InlineData("Loopback", "Host", true, HttpStatusCode.OK)]
    [InlineData("Loopback", "X-Forwarded-For", false, HttpStatusCode.Unauthorized)]
    [InlineData("Loopback", "Via", false, HttpStatusCode.Unauthorized)]
    [InlineData("Loopback", "X-Forwarded-For", true, HttpStatusCode.OK)]
    [InlineData("Key", null, false, HttpStatusCode.Unauthorized)]
    [InlineData("Key", null, true, HttpStatusCode.OK)]
    [InlineData("Off", null, true, HttpStatusCode.NotFound)]
    public async Task Strangers_read_no_metrics(string? access, string? sign, bool withKey, HttpStatusCode status)
    {
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = access is null ? [] : $"--Charging:Telemetry:Metrics={access}".Split(' ') });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        if (sign is not null)
            request.Headers.Add(sign, sign switch { "Via" => "1.1 proxy", "Host" => "charging.example.com", _ => "198.51.100.7" });
        if (withKey)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", app.Key());
        using var response = await app.Http.SendAsync(request);

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(status == HttpStatusCode.OK, (await response.Content.ReadAsStringAsync()).Contains("charging_piles_online"));
    }

    [Fact]
    public async Task A_riders_token_reads_no_metrics()
    {
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = ["--Charging:Telemetry:Metrics=Key"] });
        var rider = await app.RegisterAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Authorization = AuthenticationHeaderValue.Parse(rider.Token);

        Assert.Equal(HttpStatusCode.Unauthorized, (await app.Http.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task Alerts_dashboard_and_documents_name_metrics_that_there_are()
    {
        await using var stand = await Stand.OpenAsync();
        await stand.BeginAsync();
        var text = await TextAsync(stand.App);
        var exported = TypeLine().Matches(text).Select(m => m.Groups["name"].Value).ToHashSet();
        // What counts from its first event on, such as failures, is not there before.
        var declared = MetricInCode().Matches(string.Join('\n', Repository.Files("src", "*.cs").Select(Repository.Read))).Select(m => m.Groups["name"].Value.Replace('.', '_')).ToHashSet();
        string[] documents = ["deploy/prometheus-alerts.yml", "deploy/grafana-dashboard.json", "docs/running.md"];

        Assert.All(documents, document =>
        {
            var named = MetricInText().Matches(Repository.Read(document)).Select(m => m.Value).Distinct().ToList();
            Assert.NotEmpty(named);
            Assert.All(named, name => Assert.True(
                exported.Contains(Family(name)) || exported.Contains(name) || declared.Contains(Plain(name)), $"{document} names {name}, which is no metric."));
        });
        using var _ = JsonDocument.Parse(Repository.Read("deploy/grafana-dashboard.json"));
    }

    private static string Family(string name) => Suffix().Replace(name, "");

    private static string Plain(string name) => Family(name) is var family && family.EndsWith("_total", StringComparison.Ordinal) ? family[..^6] : family.Replace("_seconds", "");

    private static async Task<string> TextAsync(ChargingApp app)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", app.Key());
        using var response = await app.Http.SendAsync(request);
        return await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
    }

    private static async Task<Dictionary<string, double>> ReadAsync(ChargingApp app)
    {
        var lines = (await TextAsync(app)).Split('\n').Where(line => line.Length > 0 && line[0] != '#');
        return lines.Select(line => SampleLine().Match(line)).Where(m => m.Success).ToDictionary(
            m => m.Groups["name"].Value + Labels(m.Groups["labels"].Value),
            m => double.Parse(m.Groups["value"].Value, CultureInfo.InvariantCulture));
    }

    private static string Labels(string labels)
    {
        var own = labels.Split(',').Where(l => l.Length > 0 && !l.StartsWith("otel_scope", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        return own.Count == 0 ? "" : $"{{{string.Join(',', own)}}}";
    }

    [GeneratedRegex(@"^(?<name>\w+)(\{(?<labels>[^}]*)\})? (?<value>\S+)")]
    private static partial Regex SampleLine();

    [GeneratedRegex(@"^# TYPE (?<name>\w+) ", RegexOptions.Multiline)]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"\bcharging_[a-z_]*[a-z]")]
    private static partial Regex MetricInText();

    [GeneratedRegex("""
        "(?<name>charging\.[a-z.]+)", "
        """)]
    private static partial Regex MetricInCode();

    [GeneratedRegex("_(bucket|count|sum)$")]
    private static partial Regex Suffix();
}
