using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Charging.Server.Calls;
using Charging.Testing;
using CsCheck;
using Xunit;

namespace Charging.Server.Tests.Calls;

/// <summary>Whatever comes in, the mini-program gets an answer that it can read (contract section 1).</summary>
public sealed class EnvelopeTests(EnvelopeTests.SharedApp shared) : IClassFixture<EnvelopeTests.SharedApp>
{
    private readonly ChargingApp _app = shared.App;

    public static TheoryData<string> AllRoutes => [.. Routes.All.Keys];

    [Theory]
    [MemberData(nameof(AllRoutes))]
    public async Task Every_malformed_request_is_403(string route)
    {
        foreach (var (name, body, contentType) in Malformed())
        {
            var answer = await SendAsync(HttpMethod.Post, Routes.Prefix + route, body, contentType);
            Assert.True(answer.Code == 403 && answer.Message == "参数错误", $"{route}, {name}: {answer.Text}");
        }
    }

    [Theory]
    [MemberData(nameof(AllRoutes))]
    public async Task An_empty_body_is_403_but_for_the_list_of_cards(string route)
    {
        var rider = await shared.RiderAsync();
        foreach (var body in new[] { "", " \r\n\t " })
        {
            var answer = await SendAsync(HttpMethod.Post, Routes.Prefix + route, Encoding.UTF8.GetBytes(body), "application/json", rider.Token);
            Assert.Equal(route == "getCardno" ? 200 : 403, answer.Code);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/json")]
    public async Task The_list_of_cards_needs_no_body_whatever_its_content_type(string? contentType)
    {
        var rider = await shared.RiderAsync();
        var answer = await SendAsync(HttpMethod.Post, "/wechat/smallapplet/getCardno", [], contentType, rider.Token);
        Assert.Equal("""{"success":true,"code":200,"message":"成功","data":[]}""", answer.Text);
    }

    [Theory]
    [MemberData(nameof(AllRoutes))]
    public async Task A_wrong_verb_is_403(string route)
    {
        foreach (var verb in new[] { HttpMethod.Get, HttpMethod.Put, HttpMethod.Delete, HttpMethod.Options })
            Assert.Equal(403, (await SendAsync(verb, Routes.Prefix + route, "{}"u8.ToArray(), "application/json")).Code);
    }

    [Theory]
    [InlineData("/wechat/smallapplet")]
    [InlineData("/wechat/smallapplet/")]
    [InlineData("/wechat/smallapplet/nothing")]
    [InlineData("/WeChat/SmallApplet/nothing")]
    [InlineData("/wechat/smallapplet/login/more")]
    [InlineData("/wechat/smallapplet/%E7%99%BB%E5%BD%95")]
    public async Task An_unknown_route_is_403(string path) =>
        Assert.Equal(403, (await SendAsync(HttpMethod.Post, path, "{}"u8.ToArray(), "application/json")).Code);

    [Theory]
    [InlineData("/wechat/smallapplet/login/")]
    [InlineData("/WECHAT/smallapplet/LOGIN")]
    [InlineData("/wechat/smallapplet/login?body.phone=1")]
    public async Task A_route_is_found_by_any_case_and_with_a_slash(string path) =>
        Assert.Equal(2014, (await SendAsync(HttpMethod.Post, path, Login(), "application/json")).Code);

    [Fact]
    public async Task Outside_the_prefix_the_framework_answers()
    {
        using var response = await _app.Http.GetAsync("/elsewhere");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("APPLICATION/JSON;charset=GBK")]
    [InlineData("application/json; charset=klingon")]
    [InlineData("application/json;")]
    public async Task Any_charset_label_is_taken_for_utf8(string contentType)
    {
        var body = Encoding.UTF8.GetBytes("""{"body":{"phone":"13999999999","code":"1","wxname":"微信"}}""");
        Assert.Equal(2009, (await SendAsync(HttpMethod.Post, "/wechat/smallapplet/register", body, contentType)).Code);
    }

    [Theory]
    [InlineData("""{"body":{"phone":"13999999999","code":"000000","more":{"a":[1,null]}},"extra":true}""")]
    [InlineData("""{"body":{"phone":"1","phone":"13999999999","code":"000000"}}""")]
    [InlineData("\ufeff{\"body\":{\"phone\":\"13999999999\",\"code\":\"000000\"}}")]
    [InlineData(" \n{ \"body\" : { \"phone\" : \"139\\u0039\\u0039999999\" , \"code\" : \"000000\" } }\n ")]
    public async Task Harmless_oddities_are_taken(string body) =>
        Assert.Equal(2014, (await SendAsync(HttpMethod.Post, "/wechat/smallapplet/login", Encoding.UTF8.GetBytes(body), "application/json")).Code);

    [Fact]
    public async Task A_body_at_the_limit_is_taken_and_one_above_is_403_however_it_is_sent()
    {
        foreach (var (length, code) in new[] { (64 * 1024, 2014), ((64 * 1024) + 1, 403), (1024 * 1024, 403) })
        {
            var body = new byte[length];
            body.AsSpan().Fill((byte)' ');
            Login().CopyTo(body, 0);
            Assert.Equal(code, (await SendAsync(HttpMethod.Post, "/wechat/smallapplet/login", body, "application/json")).Code);
            Assert.Equal(code, (await SendAsync(HttpMethod.Post, "/wechat/smallapplet/login", body, "application/json", chunked: true)).Code);
            Assert.Equal(code, (await SendAsync(HttpMethod.Post, "/wechat/smallapplet/login", body, "application/json", expectContinue: true)).Code);
        }
    }

    [Fact]
    public async Task A_request_that_comes_one_byte_at_a_time_is_answered()
    {
        var body = Login();
        var head = $"POST /wechat/smallapplet/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n";
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, _app.Port("Http"));
        foreach (var one in Encoding.ASCII.GetBytes(head).Concat(body))
            await client.GetStream().WriteAsync(new[] { one });
        using var reader = new StreamReader(client.GetStream());
        Assert.EndsWith("""{"success":false,"code":2014,"message":"未注册"}""", await reader.ReadToEndAsync());
    }

    /// <summary>Refused before there is a request, so that no envelope is possible: docs/mini-program-api.md says so.</summary>
    [Theory]
    [InlineData("BROKEN", "400")]
    [InlineData("POST /wechat/smallapplet/x y HTTP/1.1", "400")]
    [InlineData("POST /wechat/smallapplet/login HTTP/1.1\r\nHost: x\r\nX-Long: ", "431")]
    public async Task What_is_no_request_is_a_status_without_a_body(string head, string status)
    {
        if (head.EndsWith(' '))
            head += new string('x', 40_000);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _app.Port("Http"));
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head + "\r\n\r\n"));
        using var reader = new StreamReader(client.GetStream());
        Assert.StartsWith($"HTTP/1.1 {status} ", await reader.ReadLineAsync());
    }

    [Fact]
    public async Task Requests_that_break_off_harm_nobody()
    {
        for (var i = 0; i < 50; i++)
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, _app.Port("Http"));
            await client.GetStream().WriteAsync("POST /wechat/smallapplet/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{\"bo"u8.ToArray());
            client.LingerState = new LingerOption(true, 0);
        }
        Assert.Equal(2014, (await SendAsync(HttpMethod.Post, "/wechat/smallapplet/login", Login(), "application/json")).Code);
    }

    [Fact]
    public async Task Requests_with_bytes_changed_at_random_are_answered_in_the_envelope()
    {
        // One of its own: some of what comes out binds a card, and some logs out.
        var rider = await _app.RegisterAsync();
        var names = Routes.All.Keys.ToArray();
        var seed = Encoding.UTF8.GetBytes("""{"body":{"phone":"13999999999","code":"000000","wxname":"\u5fae信","cardNo":"2577522B","amount":1.5e1,"x":[{},null]}}""");
        var change = Gen.Select(Gen.Int[0, seed.Length - 1], Gen.Byte);
        foreach (var (route, changes) in Gen.Select(Gen.Int[0, names.Length - 1], change.Array[1, 6]).Array[1500].Single())
        {
            var body = seed.ToArray();
            foreach (var (at, value) in changes)
                body[at] = value;
            var answer = await SendAsync(HttpMethod.Post, Routes.Prefix + names[route], body, "application/json", rider.Token);
            Assert.True(RouteCodes.Allows(Routes.All[names[route]].FullName, answer.Code), $"{names[route]} {Convert.ToHexString(body)}: {answer.Text}");
            if (names[route] == "logout" && answer.Code == 200)
                rider = await _app.RegisterAsync();
        }
    }

    private static byte[] Login() => """{"body":{"phone":"13999999999","code":"000000"}}"""u8.ToArray();

    private static IEnumerable<(string Name, byte[] Body, string? ContentType)> Malformed()
    {
        const string json = "application/json";
        (string Name, string Body)[] texts =
        [
            ("null", "null"), ("a number", "1"), ("a string", "\"x\""), ("a list", "[]"), ("a list of messages", "[{}]"), ("true", "true"),
            ("half", "{\"body\":{"), ("two", "{}{}"), ("words", "hello"), ("a comment", "/*x*/{}"), ("a trailing comma", "{\"body\":{},}"),
            ("single quotes", "{'body':{}}"), ("a list for body", "{\"body\":[]}"), ("a string for body", "{\"body\":\"x\"}"),
            ("a number for body", "{\"body\":1}"), ("form data", "phone=13999999999&code=1"), ("NaN", "NaN"), ("xml", "<body/>"),
            ("too deep", string.Concat(Enumerable.Repeat("{\"body\":", 100)) + "{}" + new string('}', 100)),
            ("too deep a list", "{\"x\":" + new string('[', 200) + new string(']', 200) + "}"),
        ];
        foreach (var (name, body) in texts)
            yield return (name, Encoding.UTF8.GetBytes(body), json);
        yield return ("a zero byte", [(byte)'{', 0, (byte)'}'], json);
        yield return ("invalid utf-8", [.. "{\"body\":\""u8, 0xff, 0xfe, .. "\"}"u8], json);
        yield return ("utf-16", Encoding.Unicode.GetBytes("{}"), json);
        yield return ("utf-16 with its mark", [0xff, 0xfe, .. Encoding.Unicode.GetBytes("{}")], json);
        yield return ("gzip", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0], json);
        foreach (var type in new[] { null, "text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/grpc", "application/jsonx", "json" })
            yield return ($"content type {type}", "{}"u8.ToArray(), type);
    }

    private async Task<Answer> SendAsync(
        HttpMethod verb, string path, byte[] body, string? contentType, string? token = null, bool chunked = false, bool expectContinue = false)
    {
        using var request = new HttpRequestMessage(verb, path) { Content = new ByteArrayContent(body) };
        if (contentType is not null)
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        if (token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", token);
        request.Headers.TransferEncodingChunked = chunked;
        request.Headers.ExpectContinue = expectContinue;
        using var response = await _app.Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(new MediaTypeHeaderValue("application/json", "utf-8"), response.Content.Headers.ContentType);
        Assert.Empty(response.Headers.Server);
        Assert.True(response.Headers.CacheControl?.NoStore, path);
        return Answer.Parse(text);
    }

    public sealed class SharedApp : IAsyncLifetime
    {
        private readonly SemaphoreSlim _once = new(1);
        private Rider? _rider;

        public ChargingApp App { get; private set; } = null!;

        public async Task<Rider> RiderAsync()
        {
            await _once.WaitAsync();
            try
            {
                return _rider ??= await App.RegisterAsync();
            }
            finally
            {
                _once.Release();
            }
        }

        public async ValueTask InitializeAsync() => App = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = ChargingApp.ManyRiders });

        public async ValueTask DisposeAsync()
        {
            _once.Dispose();
            await App.DisposeAsync();
        }
    }
}
