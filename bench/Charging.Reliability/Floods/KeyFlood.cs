using System.Text.Json;
using Charging.Testing;

namespace Charging.Reliability.Floods;

/// <summary>One key of the role operator, which reads and changes all that the role may.</summary>
internal sealed class KeyFlood(FloodPlace place) : FloodActor(place)
{
    private const string Phone = "13933333333";

    private static readonly string[] Reads =
    [
        "piles", "piles/{0}", "orders", "users:find?phone=13933333333", "stations", "stations:nearest?latitude=31&longitude=121", "cards", "tariffs", "alarms", "refunds", "reports",
        "ledger/totals", "ledger/statements?phone=13933333333", "ledger:check", "diagnosis", "whoami",
    ];

    private string _key = "";
    private long _userId;
    private int _cards;

    public override IReadOnlyList<FloodAct> Acts => field ??=
    [
        new("read", n => SendAsync(HttpMethod.Get, string.Format(null, Reads[n % Reads.Length], Place.Pile))),
        new("pile", n => SendAsync(HttpMethod.Post, "piles", new { deviceNo = $"{0x1000000000 + n:X10}", plugCount = 10 })),
        new("station", n => SendAsync(HttpMethod.Post, "stations", new { stationId = $"s{n}", name = $"Station {n}" })),
        new("pause", n => SendAsync(HttpMethod.Post, $"piles/{Place.Pile}:{(n % 2 == 0 ? "pause" : "resume")}", new { plug = 9, reason = "repair" })),
        new("cards", n => SendAsync(HttpMethod.Post, "cards:issue", new { cardNos = NewCards() })),
        new("adjust", n => SendAsync(HttpMethod.Post, $"users/{_userId}:adjustBalance", new { amountFen = 100, reason = "goodwill" })),
        new("command", n => SendAsync(HttpMethod.Post, $"piles/{Place.Pile}:sendCommand", new { command = "PILE_COMMAND_REPORT_STATUS" })),
        new("secret", n => SendAsync(HttpMethod.Post, "piles/00000000F2:rotateSecret", new { reason = "lost" })),
        new("what the role may not", n => SendAsync(HttpMethod.Get, n % 2 == 0 ? "keys" : "backup")),
    ];

    public override IReadOnlyList<ExpectedLimit> Limits =>
    [
        new("changes of one key in an hour, each issued card one of them", "operator-changes", TimeSpan.FromHours(1), "pause", 200) { MetWithin = TimeSpan.FromMinutes(1) },
    ];

    public override async Task PrepareAsync()
    {
        await Place.AddRiderAsync(Phone);
        await Place.AskAsync("pile 00000000F2");
        var admin = Place.AdminKey();
        var (_, made) = await Place.SendAsync(HttpMethod.Post, "/ops/v1/keys", Address, new { name = "greedy", role = "ROLE_OPERATOR" }, admin);
        _key = JsonDocument.Parse(made).RootElement.GetProperty("secret").GetString()!;
        var (_, user) = await Place.SendAsync(HttpMethod.Get, $"/ops/v1/users:find?phone={Phone}", Address, key: admin);
        _userId = JsonDocument.Parse(user).RootElement.GetProperty("user").GetProperty("userId").GetInt64();
    }

    private IEnumerable<string> NewCards() => Enumerable.Range(0, 200).Select(_ => $"{Interlocked.Increment(ref _cards):D9}").ToList();

    private async Task<int> SendAsync(HttpMethod method, string path, object? body = null) =>
        (await Place.SendAsync(method, $"/ops/v1/{path}", Address, body, _key)).Status;
}
