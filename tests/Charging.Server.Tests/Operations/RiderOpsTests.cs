using Charging.Ops.V1;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Charging.Testing;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Operations;

/// <summary>What operators do for riders, and to them: accounts, balances, cards.</summary>
public sealed class RiderOpsTests
{
    [Fact]
    public async Task A_rider_is_found_by_phone_name_and_number()
    {
        await using var app = await ChargingApp.StartAsync();
        var users = new UserService.UserServiceClient(app.AsOperator());
        var rider = await app.RegisterAsync(wxname: "车主");
        var user = (await users.GetUserAsync(new GetUserRequest { Phone = rider.Phone })).User;
        Assert.Equal(user, (await users.GetUserAsync(new GetUserRequest { WxName = "车主" })).User);
        Assert.Equal(user, (await users.GetUserAsync(new GetUserRequest { UserId = user.UserId })).User);
        GetUserRequest[] wrong = [new(), new() { Phone = rider.Phone, UserId = user.UserId }];
        foreach (var request in wrong)
            Assert.Equal(StatusCode.InvalidArgument, await RefusedAsync(() => users.GetUserAsync(request).ResponseAsync));
        Assert.Equal(StatusCode.NotFound, await RefusedAsync(() => users.GetUserAsync(new GetUserRequest { WxName = "nobody" }).ResponseAsync));
        Assert.Equal(StatusCode.NotFound, await RefusedAsync(() => users.GetUserAsync(new GetUserRequest { UserId = -1 }).ResponseAsync));
    }

    [Fact]
    public async Task A_blocked_rider_is_out_until_the_block_is_taken_away()
    {
        await using var app = await ChargingApp.StartAsync();
        var (users, rider, id) = await RiderAsync(app);
        Assert.True((await users.BlockUserAsync(new BlockUserRequest { UserId = id, Reason = "fraud" })).User.Blocked);
        Assert.Equal(401, (await rider.PostAsync("getCardno")).Code);
        Assert.Equal([id], (await users.ListUsersAsync(new ListUsersRequest { Blocked = true })).Users.Select(user => user.UserId));
        Assert.False((await users.UnblockUserAsync(new UnblockUserRequest { UserId = id })).User.Blocked);
        Assert.Equal(200, (await rider.PostAsync("getCardno")).Code);
        Assert.Empty((await users.ListUsersAsync(new ListUsersRequest { Blocked = true })).Users);
    }

    [Fact]
    public async Task A_rider_is_signed_out_everywhere()
    {
        await using var app = await ChargingApp.StartAsync();
        var (users, rider, id) = await RiderAsync(app);
        await app.SendCodeAsync(rider.Phone, "login");
        var second = (await app.PostAsync("login", new { body = new { phone = rider.Phone, code = app.CodeFor(rider.Phone) } })).Data!.Value.GetString();
        Assert.Equal(2, (await users.SignOutUserAsync(new SignOutUserRequest { UserId = id })).Ended);
        foreach (var token in new[] { rider.Token, second })
            Assert.Equal(401, (await app.PostAsync("getCardno", null, token)).Code);
    }

    [Fact]
    public async Task A_balance_is_adjusted_with_an_entry_in_the_ledger_and_never_falls_below_0()
    {
        await using var app = await ChargingApp.StartAsync();
        var (users, _, id) = await RiderAsync(app);
        Assert.Equal(250, (await AdjustAsync(users, id, 250)).BalanceFen);
        Assert.Equal(100, (await AdjustAsync(users, id, -150)).BalanceFen);
        var refusal = await Assert.ThrowsAsync<RpcException>(() => AdjustAsync(users, id, -101));
        Assert.Equal(StatusCode.FailedPrecondition, refusal.StatusCode);
        foreach (var fen in new[] { 0, long.MinValue, long.MaxValue })
            Assert.Equal(StatusCode.InvalidArgument, await RefusedAsync(() => AdjustAsync(users, id, fen)));
        var entries = await app.Services.GetRequiredService<IStore>().RunAsync(tx => tx.ListAsync(Ledger.Entries.ByKey, KeyRange.Prefix("adjust:"), 200));
        Assert.Equal([($"adjust:{id}:1", "adjustments", 250), ($"adjust:{id}:2", $"user:{id}", 150)], entries.Select(entry => (entry.Key, entry.From, entry.AmountFen)));
        await app.CheckInvariantsAsync();
    }

    [Fact]
    public async Task An_adjustment_that_is_sent_twice_under_one_name_is_made_once()
    {
        await using var app = await ChargingApp.StartAsync();
        var (users, _, id) = await RiderAsync(app);
        var request = new AdjustUserBalanceRequest { UserId = id, AmountFen = 100, Reason = "goodwill", RequestId = "r-1" };
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => users.AdjustUserBalanceAsync(request).ResponseAsync));
        Assert.All(answers, answer => Assert.Equal(100, answer.User.BalanceFen));
        Assert.Equal(StatusCode.AlreadyExists, await RefusedAsync(() => users.AdjustUserBalanceAsync(new AdjustUserBalanceRequest(request) { UserId = id + 1 }).ResponseAsync));
        Assert.Equal(StatusCode.AlreadyExists, await RefusedAsync(() => users.AdjustUserBalanceAsync(new AdjustUserBalanceRequest(request) { AmountFen = -5000 }).ResponseAsync));
        Assert.Single((await new AuditService.AuditServiceClient(app.AsOperator()).ListAuditAsync(new ListAuditRequest { Subject = $"user:{id}" })).Entries);
        await app.CheckInvariantsAsync();
    }

    [Fact]
    public async Task Each_role_moves_no_more_in_a_day_than_its_limit()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(Stand.Beginning);
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock, Settings = ["--Charging:Operations:OperatorAdjustFen=100", "--Charging:Operations:FinanceAdjustFen=1000"] });
        var (admin, _, id) = await RiderAsync(app);
        var low = new UserService.UserServiceClient(await app.AsAsync(Role.Operator));
        var high = new UserService.UserServiceClient(await app.AsAsync(Role.Finance));
        await AdjustAsync(low, id, 60);
        await AdjustAsync(low, id, -30);
        var refusal = await Assert.ThrowsAsync<RpcException>(() => AdjustAsync(low, id, 11));
        Assert.Equal(StatusCode.PermissionDenied, refusal.StatusCode);
        Assert.Equal("LIMIT_EXCEEDED", OpsCalls.ReasonOf(Google.Rpc.Status.Parser.ParseFrom(refusal.Trailers.GetValueBytes("grpc-status-details-bin"))));
        Assert.Contains("0.90", refusal.Status.Detail);
        await AdjustAsync(low, id, 10);
        await AdjustAsync(high, id, 1000);
        Assert.Equal(StatusCode.PermissionDenied, await RefusedAsync(() => AdjustAsync(high, id, 1)));
        Assert.Equal(1_001_040, (await AdjustAsync(admin, id, 1_000_000)).BalanceFen);
        clock.Advance(TimeSpan.FromDays(1));
        await AdjustAsync(low, id, 100);
        await app.CheckInvariantsAsync();
    }

    [Fact]
    public async Task Cards_are_blocked_unblocked_unbound_and_bound_for_a_rider()
    {
        await using var app = await ChargingApp.StartAsync();
        var (_, rider, id) = await RiderAsync(app);
        var (_, other, otherId) = await RiderAsync(app);
        var cards = new CardService.CardServiceClient(app.AsOperator());
        await rider.PostAsync("bindCard", new { body = new { cardNo = "2577522B" } });
        // The other spelling of the same card.
        Assert.True((await cards.BlockCardAsync(new BlockCardRequest { CardNo = "0628576811", Reason = "lost" })).Card.Blocked);
        Assert.Equal(["2577522B"], (await cards.ListCardsAsync(new ListCardsRequest { Blocked = true })).Cards.Select(card => card.CardNo));
        Assert.Equal(StatusCode.FailedPrecondition, await RefusedAsync(() => cards.BindCardAsync(new BindCardRequest { CardNo = "2577522B", UserId = otherId }).ResponseAsync));
        Assert.Equal("", (await cards.UnbindCardAsync(new UnbindCardRequest { CardNo = "2577522B" })).Card.Phone);
        Assert.Equal(StatusCode.FailedPrecondition, await RefusedAsync(() => cards.BindCardAsync(new BindCardRequest { CardNo = "2577522B", UserId = otherId }).ResponseAsync));
        Assert.False((await cards.UnblockCardAsync(new UnblockCardRequest { CardNo = "2577522B" })).Card.Blocked);
        Assert.Equal(other.Phone, (await cards.BindCardAsync(new BindCardRequest { CardNo = "2577522B", UserId = otherId })).Card.Phone);
        Assert.Contains("2577522B", (await other.PostAsync("getCardno")).Text);
        Assert.DoesNotContain("2577522B", (await rider.PostAsync("getCardno")).Text);
        Assert.Equal(StatusCode.NotFound, await RefusedAsync(() => cards.BindCardAsync(new BindCardRequest { CardNo = "123456789", UserId = id }).ResponseAsync));
        Assert.Equal(StatusCode.NotFound, await RefusedAsync(() => cards.GetCardAsync(new GetCardRequest { CardNo = "00000001" }).ResponseAsync));
        Assert.Equal(StatusCode.NotFound, await RefusedAsync(() => cards.BindCardAsync(new BindCardRequest { CardNo = "00000001", UserId = 99 }).ResponseAsync));
        Assert.Equal(["2577522B"], (await cards.ListCardsAsync(new ListCardsRequest { Phone = other.Phone })).Cards.Select(card => card.CardNo));
        Assert.Empty((await cards.ListCardsAsync(new ListCardsRequest { Phone = rider.Phone })).Cards);
    }

    [Fact]
    public async Task A_rider_whom_no_code_reaches_gets_in_with_one_of_an_operators()
    {
        await using var app = await ChargingApp.StartAsync();
        var (users, rider, id) = await RiderAsync(app);
        await app.SendCodeAsync(rider.Phone, "login");
        var wrong = app.CodeFor(rider.Phone) == "000000" ? "000001" : "000000";
        for (var i = 0; i < 5; i++)
            Assert.Equal(2009, (await LoginAsync(app, rider.Phone, wrong)).Code);
        Assert.Equal(445, (await app.SendCodeAsync(rider.Phone, "login")).Code);

        var issued = (await users.IssueUserCodeAsync(new IssueUserCodeRequest { Phone = rider.Phone, Reason = "gets no SMS" })).Code;
        Assert.Equal((rider.Phone, UserCodeType.Login), (issued.Phone, issued.Type));
        Assert.Matches("^[0-9]{6}$", issued.Code);
        Assert.Equal(2, app.Sms.CodesFor(rider.Phone).Count);
        Assert.Equal(200, (await LoginAsync(app, rider.Phone, issued.Code)).Code);
        Assert.Equal(2009, (await LoginAsync(app, rider.Phone, issued.Code)).Code);
        var entry = (await new AuditService.AuditServiceClient(app.AsOperator()).ListAuditAsync(new ListAuditRequest { Subject = $"user:{id}" })).Entries.Single();
        Assert.DoesNotContain(issued.Code, entry.ToString());
        Assert.DoesNotContain(app.Log.Records, record => record.Message.Contains(issued.Code));
    }

    [Fact]
    public async Task A_code_of_an_operators_registers_a_new_phone_beside_what_was_sent_and_ends_in_time()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(Stand.Beginning);
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock });
        var users = new UserService.UserServiceClient(app.AsOperator());
        var phone = ChargingApp.NewPhone();
        var first = (await users.IssueUserCodeAsync(new IssueUserCodeRequest { Phone = phone })).Code;
        Assert.Equal((UserCodeType.Register, clock.GetUtcNow() + TimeSpan.FromMinutes(10)), (first.Type, first.ExpiresAt.ToDateTimeOffset()));
        clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(2009, (await RegisterAsync(first.Code)).Code);

        var second = (await users.IssueUserCodeAsync(new IssueUserCodeRequest { Phone = phone })).Code;
        Assert.Equal(200, (await app.SendCodeAsync(phone, "register")).Code);
        Assert.Equal(200, (await RegisterAsync(second.Code)).Code);
        Assert.Equal(StatusCode.InvalidArgument, await RefusedAsync(() => users.IssueUserCodeAsync(new IssueUserCodeRequest { Phone = "1380" }).ResponseAsync));

        Task<Answer> RegisterAsync(string code) => app.PostAsync("register", new { body = new { phone, code, wxname = $"wx{phone}" } });
    }

    [Fact]
    public async Task Outside_development_a_code_needs_a_reason()
    {
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions
        {
            Settings = ["--environment=Production", "--Charging:Payment:Provider=Sandbox", "--Charging:AllowSandbox=true", "--Charging:Sms:Provider=Console"],
        });
        var users = new UserService.UserServiceClient(app.AsOperator());
        Assert.Equal(StatusCode.InvalidArgument, await RefusedAsync(() => users.IssueUserCodeAsync(new IssueUserCodeRequest { Phone = ChargingApp.NewPhone() }).ResponseAsync));
        Assert.Equal(6, (await users.IssueUserCodeAsync(new IssueUserCodeRequest { Phone = ChargingApp.NewPhone(), Reason = "gets no SMS" })).Code.Code.Length);
    }

    private static Task<Answer> LoginAsync(ChargingApp app, string phone, string code) => app.PostAsync("login", new { body = new { phone, code } });

    private static async Task<(UserService.UserServiceClient Users, Rider Rider, long Id)> RiderAsync(ChargingApp app)
    {
        var users = new UserService.UserServiceClient(app.AsOperator());
        var rider = await app.RegisterAsync();
        return (users, rider, (await users.GetUserAsync(new GetUserRequest { Phone = rider.Phone })).User.UserId);
    }

    private static async Task<User> AdjustAsync(UserService.UserServiceClient users, long id, long fen) =>
        (await users.AdjustUserBalanceAsync(new AdjustUserBalanceRequest { UserId = id, AmountFen = fen, Reason = "goodwill" })).User;

    private static async Task<StatusCode> RefusedAsync(Func<Task> call) => (await Assert.ThrowsAsync<RpcException>(call)).StatusCode;
}
