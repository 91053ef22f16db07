using Charging.Server.Accounts;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Charging.Server.Tests.Orders;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Payments;

/// <summary>Top-ups of the balance (contract sections 9 and 10).</summary>
public sealed class TopUpTests
{
    [Fact]
    public async Task A_top_up_is_credited_once_however_often_it_is_asked_for()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = (await stand.Rider.NewTopUpAsync("20.00")).Data!.Value.GetString()!;
        Assert.Matches("^20191204[0-9]{10}$", orderNo);
        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => stand.Rider.CreditAsync(orderNo, 20)));
        Assert.All(answers, answer => Assert.Equal((200, "成功"), (answer.Code, answer.Message)));
        Assert.Equal(2000, await BalanceAsync(stand));
        Assert.Equal(200, (await stand.Rider.CreditAsync(orderNo, 20)).Code);
        Assert.Equal(2000, await BalanceAsync(stand));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Numbers_carry_the_day_in_Shanghai_and_a_counter_that_goes_on()
    {
        await using var stand = await Stand.OpenAsync();
        var first = (await stand.Rider.NewTopUpAsync(1)).Data!.Value.GetString()!;
        stand.Clock.Advance(new DateTimeOffset(2019, 12, 4, 15, 59, 59, TimeSpan.Zero) - stand.Clock.GetUtcNow());
        var last = (await stand.Rider.NewTopUpAsync(1)).Data!.Value.GetString()!;
        stand.Clock.Advance(TimeSpan.FromSeconds(1));
        var next = (await stand.Rider.NewTopUpAsync(1)).Data!.Value.GetString()!;
        Assert.Equal(("20191204", "20191204", "20191205"), (first[..8], last[..8], next[..8]));
        Assert.True(long.Parse(first[8..]) < long.Parse(last[8..]) && long.Parse(last[8..]) < long.Parse(next[8..]));
    }

    [Fact]
    public async Task The_number_may_come_as_deviceNo_as_in_the_document()
    {
        await using var stand = await Stand.OpenAsync();
        var (phone, deviceNo) = (stand.Rider.Phone, (await stand.Rider.NewTopUpAsync(1)).Data!.Value.GetString()!);
        Assert.Equal(403, (await stand.Rider.PostAsync("addBalance", new { body = new { phone, deviceNo, orderNo = "1", amount = 1 } })).Code);
        Assert.Equal(403, (await stand.Rider.PostAsync("addBalance", new { body = new { phone, amount = 1 } })).Code);
        Assert.Equal(200, (await stand.Rider.PostAsync("addBalance", new { body = new { phone, deviceNo, amount = 1 } })).Code);
        Assert.Equal(200, (await stand.Rider.PostAsync("addBalance", new { body = new { phone, deviceNo, orderNo = deviceNo, amount = 1 } })).Code);
        Assert.Equal(100, await BalanceAsync(stand));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Phone_amount_and_order_must_be_the_callers_own()
    {
        await using var stand = await Stand.OpenAsync();
        var other = await stand.App.RegisterAsync();
        var orderNo = (await stand.Rider.NewTopUpAsync(1)).Data!.Value.GetString()!;
        var charge = await stand.ReserveAsync();
        Assert.Equal(403, (await stand.Rider.NewTopUpAsync(1, other.Phone)).Code);
        Assert.Equal(403, (await stand.Rider.NewTopUpAsync(1, "1234")).Code);
        foreach (var amount in new object[] { 0, -1, "x", 1000.01, 0.001, true })
            Assert.Equal(403, (await stand.Rider.NewTopUpAsync(amount)).Code);
        Assert.Equal(403, (await stand.Rider.CreditAsync(orderNo, 1.01)).Code);
        Assert.Equal(403, (await stand.Rider.CreditAsync(orderNo, 1, other.Phone)).Code);
        Assert.Equal(403, (await other.CreditAsync(orderNo, 1)).Code);
        Assert.Equal(403, (await other.CreditAsync(orderNo, 1, stand.Rider.Phone)).Code);
        Assert.Equal(403, (await stand.Rider.CreditAsync(charge, 1)).Code);
        Assert.Equal(403, (await stand.Rider.CreditAsync("201912040000009999", 1)).Code);
        Assert.Empty(stand.App.Provider.Payments);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task What_was_not_paid_is_not_credited()
    {
        await using var stand = await Stand.OpenAsync();
        stand.App.Provider.Mode = SandboxMode.Refuse;
        var orderNo = (await stand.Rider.NewTopUpAsync(1)).Data!.Value.GetString()!;
        var answer = await stand.WhileAsync(stand.Rider.CreditAsync(orderNo, 1));
        Assert.Equal((403, "订单未支付"), (answer.Code, answer.Message));
        Assert.Equal(0, await BalanceAsync(stand));
        stand.App.Provider.Mode = SandboxMode.Silent;
        Assert.Equal(5000, (await stand.WhileAsync(stand.Rider.CreditAsync(orderNo, 1))).Code);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Another_amount_than_was_ordered_is_402()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = (await stand.Rider.NewTopUpAsync(1)).Data!.Value.GetString()!;
        stand.App.Provider.Pay(orderNo, 500);
        Assert.Equal((402, "系统错误"), await stand.Rider.CreditAsync(orderNo, 1) is var answer ? (answer.Code, answer.Message) : default);
        Assert.Equal(0, await BalanceAsync(stand));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task An_answer_that_is_not_to_be_trusted_is_402()
    {
        var provider = new AskedProvider { IsUntrusted = true };
        await using var stand = await Stand.OpenAsync(configure: provider.Use);
        var orderNo = (await stand.Rider.NewTopUpAsync(1)).Data!.Value.GetString()!;
        Assert.Equal(402, (await stand.Rider.CreditAsync(orderNo, 1)).Code);
        var charge = await stand.ReserveAsync();
        Assert.Equal(402, (await stand.ChargeAsync(charge)).Code);
        Assert.Equal(charge, await stand.ReserveAsync());
    }

    [Fact]
    public async Task What_was_paid_is_credited_even_if_nobody_asks()
    {
        await using var stand = await Stand.OpenAsync(settings: "--Charging:Payment:OwnPaymentService=true");
        var orderNo = (await stand.Rider.NewTopUpAsync(1)).Data!.Value.GetString()!;
        stand.App.Provider.Pay(orderNo, 100);
        await stand.PassAsync(TimeSpan.FromMinutes(30));
        await Retry.Until("it is credited", async () => await BalanceAsync(stand) == 100);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task What_is_paid_after_the_top_up_was_closed_is_credited_all_the_same()
    {
        await using var stand = await Stand.OpenAsync();
        stand.App.Provider.Mode = SandboxMode.Refuse;
        var orderNo = (await stand.Rider.NewTopUpAsync(1)).Data!.Value.GetString()!;
        await stand.PassAsync(TimeSpan.FromMinutes(30));
        await Retry.Until("it is closed", async () => (await ReadAsync(stand, TopUp.Table, orderNo)).State == TopUpState.Closed);
        stand.App.Provider.Pay(orderNo, 100);
        Assert.Equal(200, (await stand.Rider.CreditAsync(orderNo, 1)).Code);
        Assert.Equal(100, await BalanceAsync(stand));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task One_more_open_top_up_than_a_rider_may_have_closes_the_oldest()
    {
        await using var stand = await Stand.OpenAsync();
        var made = new List<string>();
        for (var n = 0; n < 6; n++)
            made.Add((await stand.Rider.NewTopUpAsync(1)).Data!.Value.GetString()!);
        Assert.Equal([TopUpState.Closed, .. Enumerable.Repeat(TopUpState.Open, 5)], await StatesAsync(stand, made));

        // One that is credited makes room for the next.
        Assert.Equal(200, (await stand.Rider.CreditAsync(made[3], 1)).Code);
        made.Add((await stand.Rider.NewTopUpAsync(1)).Data!.Value.GetString()!);
        Assert.Equal([TopUpState.Closed, TopUpState.Open, TopUpState.Open, TopUpState.Credited, TopUpState.Open, TopUpState.Open, TopUpState.Open], await StatesAsync(stand, made));

        // What was paid for the one that was closed is credited all the same.
        Assert.Equal(200, (await stand.Rider.CreditAsync(made[0], 1)).Code);
        Assert.Equal(200, await BalanceAsync(stand));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Another_riders_open_top_ups_do_not_count()
    {
        await using var stand = await Stand.OpenAsync(settings: "--Charging:Payment:MaxOpenTopUps=1");
        var first = (await stand.Rider.NewTopUpAsync(1)).Data!.Value.GetString()!;
        await (await stand.App.RegisterAsync()).NewTopUpAsync(1);
        Assert.Equal([TopUpState.Open], await StatesAsync(stand, [first]));
        await stand.Rider.NewTopUpAsync(1);
        Assert.Equal([TopUpState.Closed], await StatesAsync(stand, [first]));
    }

    [Fact]
    public async Task A_rider_makes_only_so_many_top_ups_in_an_hour()
    {
        await using var stand = await Stand.OpenAsync(settings: "--Charging:Payment:MaxTopUpsPerHour=2");
        foreach (var code in new[] { 200, 200, 403 })
            Assert.Equal(code, (await stand.Rider.NewTopUpAsync(1)).Code);

        Assert.Equal(200, (await (await stand.App.RegisterAsync()).NewTopUpAsync(1)).Code);
        stand.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(200, (await stand.Rider.NewTopUpAsync(1)).Code);
    }

    private static async Task<IEnumerable<TopUpState>> StatesAsync(Stand stand, IReadOnlyList<string> numbers)
    {
        var states = new List<TopUpState>();
        foreach (var no in numbers)
            states.Add((await ReadAsync(stand, TopUp.Table, no)).State);
        return states;
    }

    private static async Task<long> BalanceAsync(Stand stand) =>
        (await stand.App.Services.GetRequiredService<IStore>().RunAsync(
            tx => tx.ListAsync(AccountTables.UsersByPhone, KeyRange.Exactly(stand.Rider.Phone), 1)))[0].BalanceFen;

    private static async Task<T> ReadAsync<T>(Stand stand, Table<T> table, string key)
        where T : class => (await stand.App.Services.GetRequiredService<IStore>().RunAsync(tx => tx.GetAsync(table, key)))!;
}
