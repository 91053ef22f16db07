using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Broker;

/// <summary>The questions of an EMQX, asked as it asks them.</summary>
public sealed class BrokerHookTests : IAsyncLifetime
{
    private const string Secret = "a-secret-of-more-than-32-characters";

    private ChargingApp _app = null!;
    private string _device = "";
    private string _secret = "";

    public async ValueTask InitializeAsync()
    {
        // Nobody answers there: the questions do not wait for the server's own connection.
        _app = await StartAsync($"--Charging:Mqtt:HookSecret={Secret}");
        _device = ChargingApp.NewDeviceNo();
        _secret = await _app.RegisterPileAsync(_device);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task A_pile_connects_under_its_own_number_with_its_own_secret()
    {
        Assert.True(await MayConnectAsync(_device, _device, _secret));
        Assert.False(await MayConnectAsync(_device, _device, _secret + "0"));
        Assert.False(await MayConnectAsync(_device, _device, null));
        Assert.False(await MayConnectAsync(ChargingApp.NewDeviceNo(), _device, _secret));
        Assert.False(await MayConnectAsync("somebody", _device, _secret));
        Assert.False(await MayConnectAsync(null, null, null));
        var unknown = ChargingApp.NewDeviceNo();
        Assert.False(await MayConnectAsync(unknown, unknown, _secret));
    }

    [Fact]
    public async Task A_node_connects_under_a_name_that_is_no_pile()
    {
        Assert.True(await MayConnectAsync("node-1", "charging", "node-password"));
        Assert.False(await MayConnectAsync("node-1", "charging", "guess"));
        Assert.False(await MayConnectAsync(_device, "charging", "node-password"));
    }

    [Theory]
    [InlineData("publish", "piles/{0}/status", 1, true)]
    [InlineData("publish", "piles/{0}/events", 1, true)]
    [InlineData("publish", "piles/{0}/telemetry", 0, true)]
    [InlineData("publish", "piles/{0}/results", 1, true)]
    [InlineData("publish", "piles/{0}/status", 2, false)]
    [InlineData("publish", "piles/{0}/commands", 1, false)]
    [InlineData("publish", "piles/{1}/status", 1, false)]
    [InlineData("publish", "piles/{0}/status/x", 1, false)]
    [InlineData("publish", "$SYS/brokers", 1, false)]
    [InlineData("subscribe", "piles/{0}/commands", 1, true)]
    [InlineData("subscribe", "piles/{0}/#", 1, true)]
    [InlineData("subscribe", "piles/{1}/commands", 1, false)]
    [InlineData("subscribe", "piles/+/commands", 1, false)]
    [InlineData("subscribe", "$share/charging/piles/+/events", 1, false)]
    [InlineData("subscribe", "#", 0, false)]
    [InlineData("", "piles/{0}/status", 1, false)]
    public async Task A_pile_may_do_what_it_may_with_the_embedded_broker(string action, string topic, int qos, bool may)
    {
        var name = string.Format(null, topic, _device, ChargingApp.NewDeviceNo());
        Assert.Equal(may, await MayAsync(_device, action, name, qos));
        Assert.False(await MayAsync(ChargingApp.NewDeviceNo(), action, name, qos));
    }

    [Theory]
    [InlineData("publish", "piles/0000000000/commands", true)]
    [InlineData("publish", "piles/0000000000/status", false)]
    [InlineData("publish", "piles/+/commands", false)]
    [InlineData("subscribe", "piles/+/status", true)]
    [InlineData("subscribe", "piles/+/telemetry", true)]
    [InlineData("subscribe", "piles/+/results", true)]
    [InlineData("subscribe", "$share/charging/piles/+/events", true)]
    [InlineData("subscribe", "piles/+/events", true)]
    [InlineData("subscribe", "piles/+/commands", false)]
    [InlineData("subscribe", "#", false)]
    public async Task A_node_may_do_what_it_needs(string action, string topic, bool may) =>
        Assert.Equal(may, await MayAsync("charging", action, topic, 1));

    [Fact]
    public async Task Numbers_may_come_as_text_as_EMQX_fills_them_in()
    {
        var question = new { username = _device, action = "publish", topic = $"piles/{_device}/status", qos = "1", retain = "true" };
        Assert.Equal("""{"result":"allow","is_superuser":false}""", await (await PostAsync("acl", JsonSerializer.Serialize(question), Secret)).Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("another-secret-of-more-than-32-characters")]
    [InlineData("")]
    public async Task Whoever_does_not_know_the_secret_learns_nothing(string? secret)
    {
        var question = JsonSerializer.Serialize(new { clientid = _device, username = _device, password = _secret });
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync("auth", question, secret)).StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no JSON")]
    [InlineData("[]")]
    [InlineData("{\"username\":")]
    public async Task What_cannot_be_read_is_not_answered(string question)
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync("auth", question, Secret)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync("acl", question, Secret)).StatusCode);
    }

    [Fact]
    public async Task A_question_that_is_too_long_is_not_read()
    {
        var question = JsonSerializer.Serialize(new { username = _device, action = "publish", topic = new string('x', 20_000), qos = 0 });
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync("acl", question, Secret)).StatusCode);
    }

    [Fact]
    public async Task Without_a_secret_or_with_the_embedded_broker_there_is_nobody_to_ask()
    {
        await using var silent = await StartAsync();
        await using var embedded = await ChargingApp.StartAsync();
        foreach (var app in new[] { silent, embedded })
            Assert.Equal(HttpStatusCode.NotFound, (await app.Http.PostAsync("/mqtt/auth", JsonContent.Create(new { }))).StatusCode);
    }

    private static Task<ChargingApp> StartAsync(params string[] settings) => ChargingApp.StartAsync(new ChargingAppOptions
    {
        HasNoBroker = true,
        Settings =
        [
            "--Charging:Mqtt:Mode=External", "--Charging:Mqtt:Url=mqtt://127.0.0.1:9", "--Charging:Mqtt:Username=charging",
            "--Charging:Mqtt:Password=node-password", .. settings,
        ],
    });

    private Task<bool> MayConnectAsync(string? clientid, string? username, string? password) => IsAllowedAsync("auth", new { clientid, username, password });

    private Task<bool> MayAsync(string username, string action, string topic, int qos) => IsAllowedAsync("acl", new { username, action, topic, qos, retain = true });

    private async Task<bool> IsAllowedAsync(string path, object question)
    {
        var answer = await PostAsync(path, JsonSerializer.Serialize(question), Secret);
        Assert.Equal((HttpStatusCode.OK, "application/json"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.False(body.GetProperty("is_superuser").GetBoolean());
        return body.GetProperty("result").GetString() switch
        {
            "allow" => true,
            "deny" => false,
            var other => throw new InvalidOperationException($"EMQX would ignore '{other}'."),
        };
    }

    private async Task<HttpResponseMessage> PostAsync(string path, string question, string? secret)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/mqtt/{path}") { Content = new StringContent(question, Encoding.UTF8, "application/json") };
        if (secret is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        return await _app.Http.SendAsync(request);
    }
}
