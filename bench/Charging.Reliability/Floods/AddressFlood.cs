namespace Charging.Reliability.Floods;

/// <summary>One address without a token or a key, which calls all that answers strangers.</summary>
internal sealed class AddressFlood(FloodPlace place) : FloodActor(place)
{
    private static readonly string[] Pages = ["/", "/docs", "/openapi/v1.json", "/healthz", "/readyz", "/metrics", "/nothing", "/ops/v1/piles", "/wechat/smallapplet/nothing"];

    public override IReadOnlyList<FloodAct> Acts => field ??=
    [
        new("code for a new phone", n => CallAsync("sendValidateCode", new { phone = NewPhone(n), codeType = "register" }), Waits: true),
        new("code for a rider's phone", n => CallAsync("sendValidateCode", new { phone = FloodPlace.HonestPhone(n % FloodPlace.HonestRiders), codeType = "login" }), Waits: true),
        new("wrong code of a rider", n => CallAsync("login", new { phone = FloodPlace.HonestPhone(n % FloodPlace.HonestRiders), code = $"{n % 1_000_000:D6}" }), Waits: true),
        new("wrong code of a new phone", n => CallAsync("register", new { phone = NewPhone(n), code = "000000", wxname = $"x{n}" }), Waits: true),
        new("login of a stranger", n => CallAsync("login", new { phone = NewPhone(n), code = "000000" }), Waits: true),
        new("no token", n => CallAsync("getBalance", new { })),
        new("invented token", n => CallAsync("getBalance", new { }, $"Bearer {n:D43}")),
        new("no call", async n => (await Place.SendAsync(HttpMethod.Post, "/wechat/smallapplet/getBalance", Address, new string('[', n % 30_000))).Status),
        new("pages", async n => (await Place.SendAsync(HttpMethod.Get, Pages[n % Pages.Length], Address)).Status),
        new("invented key", async n => (await Place.SendAsync(HttpMethod.Get, "/ops/v1/piles", Address, key: $"{n:D43}")).Status),
    ];

    public override IReadOnlyList<ExpectedLimit> Limits =>
    [
        new("failed attempts of one address in an hour", "failed-attempts-address", TimeSpan.FromHours(1), "login of a stranger") { MetWithin = TimeSpan.FromMinutes(4) },
        new("codes in a minute, to registered phones and to new ones apart", "sms-new", TimeSpan.FromMinutes(1), "code for a new phone", 200),
    ];

    private async Task<int> CallAsync(string route, object body, string? token = null) => (await Place.PostAsync(Address, route, new { body }, token)).Code;

    private static string NewPhone(int n) => $"150{n % 100_000_000:D8}";
}
