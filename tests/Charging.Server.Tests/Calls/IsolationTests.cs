using System.Text.Json;
using Charging.PileSimulator;
using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Cards;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Charging.Testing;
using Google.Protobuf.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Calls;

/// <summary>
/// Two riders, every method, every identifier of the other one (contract section 4). The calls are made from the protos, so
/// a new method is covered by itself, and a new field fails until somebody says below what it may name.
/// </summary>
public sealed class IsolationTests
{
    public static TheoryData<Transport> Transports => [Transport.Json, Transport.Grpc];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Nobody_reads_or_moves_what_is_another_riders(Transport transport)
    {
        var miniProgram = new FakeMiniProgram();
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Transport = transport, Configure = miniProgram.Use, Settings = ChargingApp.ManyRiders });
        var victim = await Victim.OfAsync(app, await app.AddPileAsync());
        var calls = 0;
        foreach (var route in Routes.All.Values)
        {
            // A new one each time, with money to spend: logout leaves its caller without a token.
            var stranger = await app.RegisterAsync();
            await stranger.TopUpAsync(5);
            // Whoever asks for a code or tries one for a phone, it is kept with that phone: such a call has no caller yet.
            var anonymous = RouteCodes.WithoutToken.Contains(route.FullName);
            var before = await victim.StateAsync(withCodes: !anonymous);
            foreach (var body in Bodies(route.Method.InputType, victim, stranger))
            {
                var answer = await stranger.PostAsync(route.Name, body);
                calls++;
                var shown = victim.Secrets.FirstOrDefault(answer.Text.Contains);
                Assert.True(shown is null, $"{route.Name} {body} shows {shown}: {answer.Text}");
                Assert.True(answer.Code != 401 && RouteCodes.Allows(route.FullName, answer.Code), $"{route.Name} {body}: {answer.Text}");
                Assert.True(before == await victim.StateAsync(withCodes: !anonymous), $"{route.Name} {body} moved what is the other rider's: {answer.Text}");
            }
        }
        Assert.Equal(0, miniProgram.Asked);
        Assert.True(calls > 200, $"Only {calls} calls were made.");
        Assert.Equal(200, (await victim.Rider.PostAsync("getCardno")).Code);
        await app.CheckInvariantsAsync();
    }

    /// <summary>Whose it is must not be told: an order of another rider is as one that does not exist.</summary>
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Another_riders_order_is_as_one_that_does_not_exist(Transport transport)
    {
        await using var app = await ChargingApp.StartAsync(transport);
        var victim = await Victim.OfAsync(app, await app.AddPileAsync());
        var stranger = await app.RegisterAsync();
        await stranger.TopUpAsync(5);
        var routes = Routes.All.Values.Where(route => route.Method.InputType.FindFieldByName("body").MessageType.FindFieldByName("order_no") is not null).ToList();
        Assert.Equal(["addBalance", "getChargingDetail", "mobilePaymentCharging", "payWithBalance", "prepay", "stopCharging"], routes.Select(route => route.Name).Order());
        foreach (var route in routes)
        {
            foreach (var plug in new[] { "01", "02" })
            {
                foreach (var orderNo in victim.OrderNumbers.Append("201912040000009999"))
                {
                    var answer = await stranger.PostAsync(route.Name, new { body = new { deviceNo = route.Name == "addBalance" ? "" : victim.Device, plug, orderNo, amount = 1.01, phone = stranger.Phone, code = "000000" } });
                    Assert.Equal((route.Name, 403, "参数错误"), (route.Name, answer.Code, answer.Message));
                }
            }
        }
        await app.CheckInvariantsAsync();
    }

    [Fact]
    public async Task A_token_opens_only_its_own_account_and_none_once_it_is_changed()
    {
        await using var app = await ChargingApp.StartAsync();
        var rider = await app.RegisterAsync();
        foreach (var route in Routes.All.Values.Where(route => !RouteCodes.WithoutToken.Contains(route.FullName)))
        {
            foreach (var token in Forgeries(rider.Token))
                Assert.Equal(401, (await app.PostAsync(route.Name, "{}", token)).Code);
        }
    }

    private static IEnumerable<string?> Forgeries(string token) =>
        [null, "", "Bearer", "Bearer ", token[..^1], token + "A", token[..^1] + (token[^1] == 'A' ? 'B' : 'A'), token.ToUpperInvariant(), $"Basic {token[7..]}"];

    /// <summary>
    /// Every combination of what fits each field, and every identifier of the victim in every field of text, wrapped in
    /// `body` and flat where the message has flat fields.
    /// </summary>
    private static IEnumerable<string> Bodies(MessageDescriptor request, Victim victim, Rider stranger)
    {
        var flat = request.Fields.InDeclarationOrder().Where(field => field.Name != "body").ToList();
        var wrapped = request.FindFieldByName("body").MessageType.Fields.InDeclarationOrder();
        foreach (var body in Combinations([.. wrapped], victim, stranger))
            yield return JsonSerializer.Serialize(new { body });
        if (flat.Count == 0)
            yield break;
        foreach (var body in Combinations(flat, victim, stranger))
            yield return JsonSerializer.Serialize(body);
    }

    private static IEnumerable<Dictionary<string, object>> Combinations(IReadOnlyList<FieldDescriptor> fields, Victim victim, Rider stranger)
    {
        IEnumerable<Dictionary<string, object>> bodies = [[]];
        foreach (var field in fields)
            bodies = bodies.SelectMany(body => Fitting(field, victim, stranger).Select(value => With(body, field, value)));
        foreach (var body in bodies)
            yield return body;
        foreach (var field in fields.Where(field => field.FieldType == FieldType.String))
        {
            var others = fields.Aggregate<FieldDescriptor, Dictionary<string, object>>([], (body, other) => With(body, other, Fitting(other, victim, stranger)[0]));
            foreach (var secret in victim.Secrets)
                yield return With(others, field, secret);
        }
    }

    private static Dictionary<string, object> With(Dictionary<string, object> body, FieldDescriptor field, object? value)
    {
        var copy = new Dictionary<string, object>(body);
        if (value is null)
            copy.Remove(field.JsonName);
        else
            copy[field.JsonName] = value;
        return copy;
    }

    /// <summary>What may stand in a field: the stranger's own first, then the victim's. Null leaves it out.</summary>
    private static object?[] Fitting(FieldDescriptor field, Victim victim, Rider stranger) => field.Name switch
    {
        "phone" => [stranger.Phone, victim.Rider.Phone],
        "code" => ["000000"],
        "code_type" => ["login", "register"],
        "wxname" => [$"wx{stranger.Phone}", $"wx{victim.Rider.Phone}"],
        "amount" => [1.01, 0.5, null],
        "daily_limit" => [1, 0],
        "detail" => [false, true],
        "order_no" => [null, .. victim.OrderNumbers],
        "device_no" when field.ContainingType.FindFieldByName("plug") is null && field.ContainingType.FindFieldByName("amount") is not null => [null, .. victim.OrderNumbers],
        "device_no" => [victim.Device],
        "plug" => ["01", "02", "03"],
        "card_no" => ["00000001", .. victim.CardNumbers],
        "page_num" => [1, 2],
        "page_size" => [100],
        _ => throw new InvalidOperationException($"{field.FullName} is new: say here what it may name, and whose."),
    };

    /// <summary>A rider who has one of everything.</summary>
    private sealed class Victim
    {
        private readonly ChargingApp _app;
        private readonly string _userKey;
        private readonly long _userId;

        private Victim(ChargingApp app, Rider rider, string device, User user)
        {
            (_app, Rider, Device, _userId, _userKey) = (app, rider, device, user.Id, AccountTables.Key(user.Id));
        }

        public Rider Rider { get; }

        public string Device { get; }

        public required string[] OrderNumbers { get; init; }

        public required string[] CardNumbers { get; init; }

        /// <summary>Everything that names the rider or what is the rider's.</summary>
        public IEnumerable<string> Secrets =>
            [Rider.Phone, $"wx{Rider.Phone}", Rider.Token, Rider.Token[Tokens.Scheme.Length..], .. OrderNumbers, .. CardNumbers];

        public static async Task<Victim> OfAsync(ChargingApp app, SimulatedPile pile)
        {
            var device = pile.Options.DeviceNo;
            var rider = await app.RegisterAsync();
            await app.Services.GetRequiredService<Server.Cards.Cards>().IssueAsync([CardNo.Parse("234567891")]);
            foreach (var card in new[] { "2577522B", "234567891" })
                Assert.Equal(200, (await rider.PostAsync("bindCard", new { body = new { cardNo = card } })).Code);
            var credited = await rider.TopUpAsync(0.5);
            var open = (await rider.NewTopUpAsync(0.5)).Data!.Value.GetString()!;
            var charging = (await rider.ReserveAsync(device, "01")).Data!.Value.GetString()!;
            Assert.Equal(200, (await rider.ChargeAsync(device, "01", charging, 1.01)).Code);
            await pile.WaitUntilAsync("every event was acknowledged", it => it.Unacknowledged.Count == 0);
            var reserved = (await rider.ReserveAsync(device, "02")).Data!.Value.GetString()!;
            var user = await app.Services.GetRequiredService<IStore>().RunAsync(tx => tx.ListAsync(AccountTables.UsersByPhone, KeyRange.Exactly(rider.Phone), 1));
            return new Victim(app, rider, device, user.Single())
            {
                OrderNumbers = [charging, reserved, open, credited],
                // The second is the first as its ten decimal digits.
                CardNumbers = ["2577522B", "0628576811", "234567891"],
            };
        }

        /// <summary>Everything that the store has of the rider, as text.</summary>
        public Task<string> StateAsync(bool withCodes) => _app.Services.GetRequiredService<IStore>().RunAsync(async tx =>
        {
            var number = Ledger.Balance(_userId);
            object?[] rows =
            [
                await tx.GetAsync(AccountTables.Users, _userKey),
                withCodes ? await tx.GetAsync(AccountTables.Codes, Rider.Phone) : null,
                await tx.ListAsync(AccountTables.TokensByUser, KeyRange.Prefix(_userKey + ":"), 200),
                await tx.ListAsync(CardTables.ByOwner, KeyRange.Prefix(CardTables.OwnerPrefix(_userId)), 200),
                (await tx.ListAsync(OrderTables.ByTime, KeyRange.Prefix(""), 200)).Where(order => order.UserId == _userId),
                (await tx.ListAsync(OrderTables.BusyPlugs.ByKey, KeyRange.Prefix(""), 200)).Where(busy => busy.UserId == _userId),
                (await tx.ListAsync(DueRows.Table.ByKey, KeyRange.Prefix(""), 200)).Where(row => OrderNumbers.Contains(row.Subject)),
                (await tx.ListAsync(Ledger.ByNumber, KeyRange.Prefix(""), 200)).Where(entry => entry.From == number || entry.To == number || OrderNumbers.Any(entry.Key.Contains)),
                await tx.GetAsync(TopUp.Table, OrderNumbers[2]),
                await tx.GetAsync(TopUp.Table, OrderNumbers[3]),
            ];
            return JsonSerializer.Serialize(rows);
        });
    }
}
