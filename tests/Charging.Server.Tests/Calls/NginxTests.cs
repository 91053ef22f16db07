using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Charging.Server.Calls;
using Charging.Server.Tests.Documents;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Calls;

/// <summary>deploy/nginx.conf, with the real nginx before the server. Callers have addresses of their own: 127.0.0.2 and so on.</summary>
public sealed class NginxTests : IAsyncLifetime
{
    private static readonly string Configuration = Repository.Read("deploy/nginx.conf");

    private ChargingApp _app = null!;
    private NginxServer _nginx = null!;

    public async ValueTask InitializeAsync()
    {
        _app = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = ["--Charging:TrustedProxies:0=127.0.0.1", "--Charging:Codes:MaxSmsPerAddress=2"] });
        _nginx = await NginxServer.StartAsync(Configuration, _app.Port("Http"));
    }

    public async ValueTask DisposeAsync()
    {
        await _nginx.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Riders_are_served_and_what_is_for_operators_is_not_there()
    {
        using var http = NginxServer.From("127.0.0.2", _nginx.Port);
        var rider = await _app.RegisterAsync();
        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", rider.Token);
        using var balance = await http.PostAsync("/wechat/smallapplet/getBalance", new StringContent("{}", Encoding.UTF8, "application/json"));
        Assert.Equal(200, Answer.Parse(await balance.Content.ReadAsStringAsync()).Code);
        Assert.Equal(["max-age=31536000"], balance.Headers.GetValues("Strict-Transport-Security"));

        http.DefaultRequestHeaders.Remove("Authorization");
        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {_app.Key()}");
        string[] paths =
        [
            "/", "/ops/v1/piles", "/OPS/v1/piles", "/wechat//../ops/v1/piles", "/%6Fps/v1/piles", "/metrics", "/docs", "/openapi/v1.json", "/healthz", "/readyz", "/mqtt/auth",
            "/wechat/pay/%2e%2e/%2e%2e/metrics", "/wechat/smallapplet/%2e%2e/%2e%2e/metrics", "/charging.miniprogram.v1.AccountService/Login", "/envelope/busy",
        ];
        foreach (var path in paths)
        {
            using var answer = await http.GetAsync(path);
            Assert.Equal((path, HttpStatusCode.NotFound), (path, answer.StatusCode));
        }
    }

    [Fact]
    public async Task Callers_are_counted_by_their_own_address_whatever_they_send()
    {
        for (var i = 0; i < 3; i++)
            Assert.Equal(i < 2 ? 200 : 445, await SendCodeAsync("127.0.0.3", $"203.0.113.{i}"));
        Assert.Equal(200, await SendCodeAsync("127.0.0.4", "127.0.0.3"));
        Assert.Empty(Warnings());
    }

    [Fact]
    public async Task A_bare_proxy_pass_is_warned_of()
    {
        await using var bare = await NginxServer.StartAsync(Configuration.Replace("    proxy_set_header X-Forwarded-For $remote_addr;\n", ""), _app.Port("Http"));
        using var http = NginxServer.From("127.0.0.5", bare.Port);
        await PostAsync(http, "getBalance", "{}");
        Assert.Contains("trusted proxy 127.0.0.1", Assert.Single(Warnings()));
    }

    [Fact]
    public async Task The_three_routes_that_need_no_token_are_limited_by_address_and_the_others_are_not()
    {
        using var http = NginxServer.From("127.0.0.6", _nginx.Port);
        var codes = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => PostAsync(http, i % 2 == 0 ? "sendValidateCode" : "LOGIN/", "{}")));
        Assert.InRange(codes.Count(code => code == 403), 31, 90);
        Assert.Equal([403, 445, 5000], codes.Distinct().Order());
        Assert.Equal(401, await PostAsync(http, "getBalance", """{"body":{}}"""));
        using var other = NginxServer.From("127.0.0.7", _nginx.Port);
        Assert.Equal(403, await PostAsync(other, "register", "{}"));
    }

    [Fact]
    public async Task What_nginx_refuses_itself_is_in_the_envelope_too()
    {
        using var http = NginxServer.From("127.0.0.8", _nginx.Port);
        Assert.Equal(403, await PostAsync(http, "getBalance", new string(' ', 70_000)));
        foreach (var head in new[] { "BROKEN", "POST /wechat/smallapplet/x y HTTP/1.1\r\nHost: x", $"POST /wechat/smallapplet/login HTTP/1.1\r\nHost: x\r\nX: {new string('x', 9_000)}" })
            Assert.Equal(403, Answer.Parse(await SendRawAsync(head + "\r\n\r\n")).Code);

        await _app.StopAsync();
        foreach (var route in new[] { "getBalance", "login", "sendValidateCode" })
            Assert.Equal(5000, await PostAsync(http, route, "{}"));
        using var callback = await http.PostAsync("/wechat/pay/notify", new StringContent("{}"));
        Assert.Equal(HttpStatusCode.BadGateway, callback.StatusCode);
    }

    [Fact]
    public async Task Operators_are_served_inside_and_their_streams_are_not_held_back()
    {
        using var http = NginxServer.From("127.0.0.9", _nginx.OperatorPort);
        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {_app.Key()}");
        using var stream = await http.GetAsync("/ops/v1/piles:watch", HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await stream.Content.ReadAsStreamAsync());
        Assert.Contains("reset", await lines.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)));
        var device = ChargingApp.NewDeviceNo();
        await _app.RegisterPileAsync(device);
        await Retry.Until("the pile has come", async () => (await lines.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)))!.Contains(device));

        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.PostAsync("/wechat/smallapplet/login", new StringContent("{}"))).StatusCode);
    }

    private IEnumerable<string> Warnings() => _app.Services.GetRequiredService<ProxyCheck>().Warnings();

    private async Task<int> SendCodeAsync(string address, string claimed)
    {
        using var http = NginxServer.From(address, _nginx.Port);
        http.DefaultRequestHeaders.Add("X-Forwarded-For", claimed);
        return await PostAsync(http, "sendValidateCode", $$$"""{"body":{"phone":"{{{ChargingApp.NewPhone()}}}","codeType":"register"}}""");
    }

    private static async Task<int> PostAsync(HttpClient http, string route, string body)
    {
        using var answer = await http.PostAsync($"/wechat/smallapplet/{route}", new StringContent(body, Encoding.UTF8, "application/json"));
        Assert.Equal((HttpStatusCode.OK, "application/json"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        return Answer.Parse(await answer.Content.ReadAsStringAsync()).Code;
    }

    /// <summary>The body of the answer to what no client of HTTP would send.</summary>
    private async Task<string> SendRawAsync(string head)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _nginx.Port);
        await using var tls = new SslStream(client.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("localhost");
        await tls.WriteAsync(Encoding.ASCII.GetBytes(head));
        using var reader = new StreamReader(tls);
        var answer = await reader.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer);
        return answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
    }
}
