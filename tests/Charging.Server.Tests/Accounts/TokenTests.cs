using Charging.Server.Accounts;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.Server.Tests.Accounts;

/// <summary>Contract section 4: tokens.</summary>
public sealed class TokenTests
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public static TheoryData<Transport> Transports => [Transport.Json, Transport.Grpc];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_token_is_taken_with_and_without_its_scheme(Transport transport)
    {
        await using var app = await ChargingApp.StartAsync(transport);
        var rider = await app.RegisterAsync();
        var bare = rider.Token["Bearer ".Length..];
        foreach (var good in new[] { rider.Token, bare, $"bearer {bare}", $"BEARER   {bare}" })
            Assert.Equal(200, (await app.PostAsync("getCardno", null, good)).Code);
        foreach (var bad in new[] { null, "", "Bearer", "Bearer x", $"Basic {bare}", bare[..^1], $"{bare}x", rider.Token.ToUpperInvariant(), $"{bare}, {bare}" })
        {
            var answer = await app.PostAsync("getCardno", null, bad);
            Assert.Equal((bad, 401, "未登录或登录已过期"), (bad, answer.Code, answer.Message));
        }
    }

    [Fact]
    public async Task A_token_survives_a_restart()
    {
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = ChargingApp.ManyRiders });
        var riders = await Task.WhenAll(Enumerable.Range(0, 450).Select(_ => app.RegisterAsync()));
        await app.RestartAsync();
        var answers = await Task.WhenAll(riders.Select(r => r.PostAsync("getCardno")));
        Assert.All(answers, a => Assert.Equal(200, a.Code));
    }

    [Fact]
    public async Task A_token_ends_after_seven_days_without_use()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock });
        var rider = await app.RegisterAsync();
        clock.Advance(0.9 * Day);
        Assert.Equal(200, (await rider.PostAsync("getCardno")).Code);
        clock.Advance((7 * Day) - TimeSpan.FromSeconds(1));
        Assert.Equal(200, (await rider.PostAsync("getCardno")).Code);
        clock.Advance(7 * Day);
        Assert.Equal(401, (await rider.PostAsync("getCardno")).Code);
    }

    [Fact]
    public async Task A_token_that_is_used_every_day_ends_after_thirty_even_across_restarts()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock });
        var rider = await app.RegisterAsync();
        for (var day = 1; day < 30; day++)
        {
            clock.Advance(Day);
            Assert.Equal(200, (await rider.PostAsync("getCardno")).Code);
            await Retry.Until("the day of use is stored", async () => (await StoredAsync(app)).Single().UsedAt >= clock.GetUtcNow() - TimeSpan.FromMinutes(1));
            if (day % 10 == 0)
                await app.RestartAsync();
        }
        clock.Advance(Day);
        Assert.Equal(401, (await rider.PostAsync("getCardno")).Code);
    }

    [Fact]
    public async Task A_use_that_is_written_late_counts_from_when_it_was()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock });
        var rider = await app.RegisterAsync();
        var issued = (await StoredAsync(app)).Single().UsedAt;
        clock.Advance(2 * Day);
        var used = clock.GetUtcNow();
        using var runs = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var slow = Task.Run(() => app.Services.GetRequiredService<IStore>().RunAsync(tx =>
        {
            runs.Set();
            return ValueTask.FromResult(goOn.Wait(TimeSpan.FromSeconds(20)));
        }));
        await Retry.Until("the store is held up", () => runs.IsSet);
        Assert.NotNull(app.Services.GetRequiredService<TokenIndex>().Find(rider.Token));
        clock.Advance(Day);
        goOn.Set();
        Assert.True(await slow);

        await Retry.Until("the use is stored", async () => (await StoredAsync(app)).Single().UsedAt > issued);
        Assert.Equal(used, (await StoredAsync(app)).Single().UsedAt);
    }

    [Fact]
    public async Task A_use_is_written_at_most_once_a_day()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock });
        var rider = await app.RegisterAsync();
        var issued = (await StoredAsync(app)).Single().UsedAt;
        clock.Advance(0.9 * Day);
        await rider.PostAsync("getCardno");
        await rider.PostAsync("getCardno");
        Assert.Equal(issued, (await StoredAsync(app)).Single().UsedAt);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_token_that_another_node_serves_every_day_is_not_removed_here(bool isToldOfIt)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock });
        await app.RegisterAsync();
        var store = app.Services.GetRequiredService<IStore>();
        var index = new TokenIndex(clock);
        await index.LoadAsync(store, CancellationToken.None);
        using var upkeep = new Upkeep(store, index, clock, Microsoft.Extensions.Logging.Abstractions.NullLogger<Upkeep>.Instance);
        for (var day = 0; day < 9; day++)
        {
            clock.Advance(Day);
            var token = (await StoredAsync(app)).Single() with { UsedAt = clock.GetUtcNow() };
            await store.RunAsync(tx =>
            {
                tx.Put(AccountTables.Tokens, token);
                return ValueTask.FromResult(true);
            });
            if (isToldOfIt)
                index.Committed([new Change(AccountTables.Tokens, token.Hash, token, IsOwn: false)]);
        }
        Assert.Equal(isToldOfIt ? 0 : 1, index.Dead(10).Count);
        await upkeep.StartAsync(CancellationToken.None);

        await Retry.Until("the upkeep has looked", () =>
        {
            clock.Advance(TimeSpan.FromMinutes(61));
            return index.Dead(10).Count == 0;
        });
        await upkeep.StopAsync(CancellationToken.None);
        Assert.Single(await StoredAsync(app));
    }

    [Fact]
    public async Task Dead_tokens_and_old_codes_are_removed_in_time()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock, Settings = ChargingApp.ManyRiders });
        await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => app.RegisterAsync()));
        clock.Advance(8 * Day);
        await Retry.Until("the tokens are gone", async () => (await StoredAsync(app)).Count == 0);
        await Retry.Until("the codes are gone", async () => await ReadAsync(app, AccountTables.CodesByDay) is { Count: 0 });
    }

    [Fact]
    public async Task A_revoked_token_is_refused_at_once_and_the_others_stay()
    {
        await using var app = await ChargingApp.StartAsync();
        var (rider, other) = (await app.RegisterAsync(), await app.RegisterAsync());
        var second = await LoginAsync(app, rider);
        var tokens = app.Services.GetRequiredService<Tokens>();
        await tokens.RevokeAsync(Token.HashOf(rider.Token["Bearer ".Length..]));
        Assert.Equal(401, (await rider.PostAsync("getCardno")).Code);
        Assert.Equal(200, (await app.PostAsync("getCardno", null, second)).Code);
        await tokens.RevokeAllAsync(1);
        Assert.Equal(401, (await app.PostAsync("getCardno", null, second)).Code);
        Assert.Equal(200, (await other.PostAsync("getCardno")).Code);
        await app.RestartAsync();
        Assert.Equal(401, (await rider.PostAsync("getCardno")).Code);
    }

    [Theory]
    [InlineData(Transport.Json)]
    [InlineData(Transport.Grpc)]
    public async Task Logout_ends_the_token_of_the_call_at_once_and_for_good(Transport transport)
    {
        await using var app = await ChargingApp.StartAsync(transport);
        var (rider, other) = (await app.RegisterAsync(), await app.RegisterAsync());
        var second = await LoginAsync(app, rider);
        // At the same time too: whoever comes after the first has no token any more, which is what was wanted.
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => rider.PostAsync("logout")));
        Assert.Contains(answers, answer => answer.Code == 200);
        Assert.All(answers, answer => Assert.Contains(answer.Code, new[] { 200, 401 }));
        Assert.Equal(401, (await rider.PostAsync("getBalance")).Code);
        Assert.Equal(401, (await rider.PostAsync("logout")).Code);
        await app.RestartAsync();
        Assert.Equal(401, (await rider.PostAsync("getBalance")).Code);
        Assert.Equal(200, (await app.PostAsync("getBalance", null, second)).Code);
        Assert.Equal(200, (await other.PostAsync("getBalance")).Code);
    }

    [Fact]
    public async Task A_blocked_rider_is_out_until_unblocked_across_a_restart()
    {
        await using var app = await ChargingApp.StartAsync();
        var rider = await app.RegisterAsync();
        await BlockAsync(app, true);
        Assert.Equal(401, (await rider.PostAsync("getCardno")).Code);
        await app.SendCodeAsync(rider.Phone, "login");
        Assert.Equal(403, (await app.PostAsync("login", new { body = new { phone = rider.Phone, code = app.CodeFor(rider.Phone) } })).Code);
        await app.RestartAsync();
        Assert.Equal(401, (await rider.PostAsync("getCardno")).Code);
        await BlockAsync(app, false);
        Assert.Equal(200, (await rider.PostAsync("getCardno")).Code);
    }

    [Fact]
    public async Task Neither_a_token_nor_a_code_is_stored_or_logged()
    {
        await using var app = await ChargingApp.StartAsync();
        var rider = await app.RegisterAsync();
        await app.SendCodeAsync(rider.Phone, "login");
        var (code, token) = (app.CodeFor(rider.Phone), rider.Token["Bearer ".Length..]);
        Assert.DoesNotContain(app.Log.Records, r => r.Message.Contains(code) || r.Message.Contains(rider.Phone) || r.Message.Contains(token));
        var codes = Assert.Single(await ReadAsync(app, AccountTables.CodesByDay));
        Assert.DoesNotContain(code, System.Text.Json.JsonSerializer.Serialize(codes).Replace(rider.Phone, ""));
        Assert.DoesNotContain(token, System.Text.Json.JsonSerializer.Serialize(await StoredAsync(app)));
    }

    private static async Task<string> LoginAsync(ChargingApp app, Rider rider)
    {
        await app.SendCodeAsync(rider.Phone, "login");
        var answer = await app.PostAsync("login", new { body = new { phone = rider.Phone, code = app.CodeFor(rider.Phone) } });
        return answer.Data!.Value.GetString()!;
    }

    private static Task BlockAsync(ChargingApp app, bool blocked) => app.Services.GetRequiredService<IStore>().RunAsync(async tx =>
    {
        var user = await tx.GetAsync(AccountTables.Users, AccountTables.Key(1));
        tx.Put(AccountTables.Users, user! with { Blocked = blocked });
        return true;
    });

    private static Task<IReadOnlyList<Token>> StoredAsync(ChargingApp app) => ReadAsync(app, AccountTables.TokensByUser);

    private static Task<IReadOnlyList<T>> ReadAsync<T>(ChargingApp app, Index<T> index)
        where T : class => app.Services.GetRequiredService<IStore>().RunAsync(tx => tx.ListAsync(index, KeyRange.Prefix(""), 200));
}
