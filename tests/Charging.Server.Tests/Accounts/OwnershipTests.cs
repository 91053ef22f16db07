using System.Text.Json;
using System.Text.Json.Nodes;
using Charging.Device.V1;
using Charging.Ops.V1;
using Charging.Server.Accounts;
using Charging.Server.Orders;
using Charging.Server.Storage;
using Charging.Testing;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using PlugState = Charging.Device.V1.PlugState;
using User = Charging.Server.Accounts.User;

namespace Charging.Server.Tests.Accounts;

/// <summary>A phone number that the carrier has given to somebody else.</summary>
public sealed class OwnershipTests : IAsyncLifetime
{
    private const string OldCard = "2577522B";
    private const string NewCard = "00000007";
    private static readonly TimeSpan Dormant = TimeSpan.FromDays(90);

    private readonly FakeTimeProvider _clock = new(Stand.Beginning);
    private readonly FakeMiniProgram _miniProgram = new();
    private ChargingApp _app = null!;

    public async ValueTask InitializeAsync() =>
        _app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = _clock, Configure = _miniProgram.Use });

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task Balance_and_cards_of_before_are_locked_for_who_has_the_number_now_and_new_money_works()
    {
        var owner = await OwnerAsync();
        _clock.Advance(Dormant);
        var holder = await LoginAsync(owner.Phone);
        var pile = await _app.AddPileAsync();
        var device = pile.Options.DeviceNo;

        Assert.Equal("""{"balance":0,"locked":20}""", await DataAsync(holder, "getBalance"));
        Assert.Equal("""[{"cardNo":"****522B"}]""", await DataAsync(holder, "getCardno"));
        Assert.Equal("""[{"cardNo":"****522B","state":"locked","dailyLimit":0,"usedToday":0}]""", await DataAsync(holder, "getCardno", """{"detail":true}"""));
        var order = await ReserveAsync(holder, device, "01");
        var refusal = await holder.PayWithBalanceAsync(device, "01", order, 1);
        Assert.Equal((3007, "余额已锁定，请用原微信付款一次或联系客服"), (refusal.Code, refusal.Message));
        var swipe = await pile.SwipeAsync(2, OldCard);
        Assert.Equal((CardReason.Blocked, 0), (swipe.Reason, swipe.BalanceFen));
        Assert.Equal((403, 4004, 403), (await BindAsync(holder, OldCard), await UnbindAsync(holder, OldCard), await LimitAsync(holder, OldCard)));

        Assert.Equal(200, (await holder.ChargeAsync(device, "01", order, 1)).Code);
        await holder.TopUpAsync(5);
        Assert.Equal((200, 200), (await BindAsync(holder, NewCard), await LimitAsync(holder, NewCard)));
        swipe = await pile.SwipeAsync(2, NewCard);
        Assert.Equal((true, 400), (swipe.Accepted, swipe.BalanceFen));
        Assert.Equal(200, (await holder.PayWithBalanceAsync(device, "03", await ReserveAsync(holder, device, "03"), 4)).Code);
        Assert.Equal("""{"balance":0,"locked":20}""", await DataAsync(holder, "getBalance"));
        await pile.WaitUntilAsync("every event was acknowledged", it => it.Unacknowledged.Count == 0);
        await _app.CheckInvariantsAsync();
    }

    [Fact]
    public async Task Who_comes_back_with_the_same_WeChat_has_everything_with_the_next_payment()
    {
        var owner = await OwnerAsync();
        _clock.Advance(Dormant);
        var back = await LoginAsync(owner.Phone);
        await PrepayAsync(back, "somebody");
        await PrepayAsync(back, "somebody");
        Assert.Equal("""{"balance":0,"locked":20}""", await DataAsync(back, "getBalance"));

        await PrepayAsync(back, "owner");
        Assert.Equal("""{"balance":20}""", await DataAsync(back, "getBalance"));
        Assert.Equal($$"""[{"cardNo":"{{OldCard}}"}]""", await DataAsync(back, "getCardno"));
        Assert.Equal(200, await UnbindAsync(back, OldCard));
    }

    [Theory]
    [InlineData(89, true, "owner")]
    [InlineData(90, false, "owner")]
    [InlineData(90, true, null)]
    public async Task Nothing_is_locked_of_who_logs_in_in_time_has_nothing_or_never_paid_in_the_mini_program(int days, bool hasMoney, string? code)
    {
        var owner = await _app.RegisterAsync();
        if (hasMoney)
            await owner.TopUpAsync(20);
        if (code is not null)
            await PrepayAsync(owner, code);
        _clock.Advance(TimeSpan.FromDays(days));
        var later = await LoginAsync(owner.Phone);

        Assert.Equal(hasMoney ? """{"balance":20}""" : """{"balance":0}""", await DataAsync(later, "getBalance"));
    }

    [Fact]
    public async Task What_comes_back_of_a_charge_of_before_is_locked_too()
    {
        var owner = await OwnerAsync();
        var pile = await _app.AddPileAsync();
        Assert.True((await pile.SwipeAsync(2, OldCard)).Accepted);
        await pile.WaitUntilAsync("it charges", it => it.Plug(2).State == PlugState.Charging && it.Unacknowledged.Count == 0);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await ChangeAsync(owner.Phone, user => user with { LoginAt = user.LoginAt - Dormant });
        var holder = await LoginAsync(owner.Phone);
        Assert.Equal("****522B", (await holder.ListAsync()).Data!.Value.GetProperty("list")[0].GetProperty("cardNo").GetString());

        pile.BatteryFull(2);
        await Retry.Until("the rest is back", async () => (await holder.PostAsync("getBalance")).Data!.Value.GetProperty("locked").GetDouble() > 19);
        Assert.Equal(0, await holder.BalanceAsync());
        await _app.CheckInvariantsAsync();
    }

    [Fact]
    public async Task An_operator_confirms_the_rider_once()
    {
        var users = new UserService.UserServiceClient(_app.AsOperator());
        var owner = await OwnerAsync();
        _clock.Advance(Dormant);
        var back = await LoginAsync(owner.Phone);
        var user = (await users.GetUserAsync(new GetUserRequest { Phone = owner.Phone })).User;
        Assert.Equal((2000, 2000, _clock.GetUtcNow()), (user.BalanceFen, user.LockedFen, user.LockedSince.ToDateTimeOffset()));

        var request = new ConfirmUserRequest { UserId = user.UserId, Reason = "has shown the invoice" };
        Assert.Null((await users.ConfirmUserAsync(request)).User.LockedSince);
        Assert.Equal("""{"balance":20}""", await DataAsync(back, "getBalance"));
        Assert.Equal(StatusCode.FailedPrecondition, (await Assert.ThrowsAsync<RpcException>(() => users.ConfirmUserAsync(request).ResponseAsync)).StatusCode);
    }

    [Fact]
    public async Task An_operator_moves_the_account_to_the_owners_new_phone()
    {
        var users = new UserService.UserServiceClient(_app.AsOperator());
        var owner = await OwnerAsync();
        _clock.Advance(Dormant);
        var (holder, other, phone) = (await LoginAsync(owner.Phone), await _app.RegisterAsync(), ChargingApp.NewPhone());
        var id = (await users.GetUserAsync(new GetUserRequest { Phone = owner.Phone })).User.UserId;
        foreach (var taken in new[] { owner.Phone, other.Phone })
        {
            var refusal = await Assert.ThrowsAsync<RpcException>(() => users.MoveUserAsync(new MoveUserRequest { UserId = id, Phone = taken, Reason = "new number" }).ResponseAsync);
            Assert.Equal(StatusCode.FailedPrecondition, refusal.StatusCode);
        }
        Assert.Equal(phone, (await users.MoveUserAsync(new MoveUserRequest { UserId = id, Phone = phone, Reason = "new number" })).User.Phone);

        Assert.Equal(401, (await holder.PostAsync("getBalance")).Code);
        var back = await LoginAsync(phone);
        Assert.Equal("""{"balance":20}""", await DataAsync(back, "getBalance"));
        await PrepayAsync(back, "owners-new-wechat");
        Assert.Equal("""{"balance":20}""", await DataAsync(back, "getBalance"));
        var fresh = await _app.RegisterAsync(owner.Phone, "whoever has the number");
        Assert.Equal("[]", await DataAsync(fresh, "getCardno"));
        var entries = (await new AuditService.AuditServiceClient(_app.AsOperator()).ListAuditAsync(new ListAuditRequest { Subject = $"user:{id}" })).Entries;
        Assert.Matches(@"^Moved from \d{3}\*{4}\d{4} to \d{3}\*{4}\d{4}, 1 sign-ins ended\. 0\.00 of 20\.00 yuan came after it was locked\.$", Assert.Single(entries).Outcome);
    }

    [Fact]
    public async Task A_sign_in_with_another_WeChat_ends_those_before_it_and_no_other()
    {
        var first = await _app.RegisterAsync();
        _clock.Advance(TimeSpan.FromMinutes(5));
        var second = await LoginAsync(first.Phone);
        _clock.Advance(TimeSpan.FromMinutes(5));
        var third = await LoginAsync(first.Phone);
        await PrepayAsync(first, "owner");
        await PrepayAsync(second, "owner");
        Assert.Equal((200, 200, 200), await CodesAsync(first, second, third));

        await PrepayAsync(second, "somebody");
        Assert.Equal((401, 200, 200), await CodesAsync(first, second, third));
    }

    [Fact]
    public void Locked_again_it_stays_with_its_first_owner_and_what_another_has_paid_since_is_not_locked()
    {
        var user = new User { Id = 1, Phone = default, WxName = "nihao", RegisteredAt = Stand.Beginning, LoginAt = Stand.Beginning, OpenId = "first", BalanceFen = 5 };
        var once = Ownership.SignIn(user, Stand.Beginning + Dormant, Dormant);
        var later = once with { BalanceFen = 9, CardBindings = 2 };
        var twice = Ownership.SignIn(later, Stand.Beginning + (2 * Dormant), Dormant);
        var another = Ownership.SignIn(later with { OpenId = "second" }, Stand.Beginning + (2 * Dormant), Dormant);

        Assert.Equal(new OwnershipLock(Stand.Beginning + Dormant, "first", 5, 0), once.Lock);
        Assert.Equal(new OwnershipLock(Stand.Beginning + (2 * Dormant), "first", 9, 2), twice.Lock);
        Assert.Equal(once.Lock, another.Lock);
        Assert.Equal((0, 0, 4), (once.SpendableFen, twice.SpendableFen, another.SpendableFen));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_account_that_has_nothing_but_debts_is_locked_too(bool owes)
    {
        var user = new User { Id = 1, Phone = default, WxName = "nihao", RegisteredAt = Stand.Beginning, LoginAt = Stand.Beginning, OpenId = "first", Debts = owes ? ["1"] : null };
        Assert.Equal(owes, Ownership.SignIn(user, Stand.Beginning + Dormant, Dormant).Lock is not null);
    }

    [Fact]
    public void An_account_of_an_older_program_counts_from_the_first_start_of_this_one()
    {
        var before = DateTimeOffset.UtcNow;
        Assert.InRange(DateTimeOffset.Parse((string)Ownership.KeepLogins([])["loginAt"]!, null), before, DateTimeOffset.UtcNow);
        Assert.Equal("2019-12-04T03:07:00+00:00", (string?)Ownership.KeepLogins(new JsonObject { ["loginAt"] = "2019-12-04T03:07:00+00:00" })["loginAt"]);
    }

    /// <summary>A rider who has paid in the mini-program, with 20 yuan and a card.</summary>
    private async Task<Rider> OwnerAsync()
    {
        var rider = await _app.RegisterAsync();
        await rider.TopUpAsync(20);
        await PrepayAsync(rider, "owner");
        Assert.Equal(200, await BindAsync(rider, OldCard));
        return rider;
    }

    private async Task<Rider> LoginAsync(string phone)
    {
        await _app.SendCodeAsync(phone, "login");
        var answer = await _app.PostAsync("login", new { body = new { phone, code = _app.CodeFor(phone) } });
        return new Rider(_app, phone, answer.Data!.Value.GetString()!);
    }

    private static async Task PrepayAsync(Rider rider, string code)
    {
        var answer = await rider.PrepayAsync((await rider.NewTopUpAsync(1)).Data!.Value.GetString()!, 1, code);
        Assert.Equal(200, answer.Code);
    }

    private static async Task<string> ReserveAsync(Rider rider, string device, string plug) => (await rider.ReserveAsync(device, plug)).Data!.Value.GetString()!;

    private static async Task<string> DataAsync(Rider rider, string route, string body = """{"body":{}}""") =>
        JsonSerializer.Serialize((await rider.PostAsync(route, body)).Data);

    private static async Task<(int, int, int)> CodesAsync(Rider first, Rider second, Rider third) =>
        ((await first.PostAsync("getBalance")).Code, (await second.PostAsync("getBalance")).Code, (await third.PostAsync("getBalance")).Code);

    private static async Task<int> BindAsync(Rider rider, string cardNo) => (await rider.PostAsync("bindCard", new { body = new { cardNo } })).Code;

    private static async Task<int> UnbindAsync(Rider rider, string cardNo) => (await rider.PostAsync("unbindCard", new { body = new { cardNo } })).Code;

    private static async Task<int> LimitAsync(Rider rider, string cardNo) => (await rider.PostAsync("setCardLimit", new { body = new { cardNo, dailyLimit = 1 } })).Code;

    private Task<bool> ChangeAsync(string phone, Func<User, User> change) => _app.Services.GetRequiredService<IStore>().RunAsync(async tx =>
    {
        tx.Put(AccountTables.Users, change((await Riders.FindAsync(tx, Phone.Parse(phone)))!));
        return true;
    });
}
