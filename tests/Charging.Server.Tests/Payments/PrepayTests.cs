using System.Collections.Concurrent;
using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Charging.Server.Tests.Payments.WeChatPay;
using Charging.Testing;
using Charging.Testing.WeChatPay;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Payments;

/// <summary>prepay: a payment is made for what can be paid, with one amount for ever.</summary>
public sealed class PrepayTests
{
    private readonly FakeMiniProgram _miniProgram = new();

    [Fact]
    public async Task A_reserved_order_is_made_payable_until_its_reservation_ends()
    {
        var provider = new PrepaidProvider();
        await using var stand = await OpenAsync(provider);
        var orderNo = await stand.ReserveAsync();
        var until = stand.Clock.GetUtcNow() + TimeSpan.FromMinutes(3);
        stand.Clock.Advance(TimeSpan.FromSeconds(30));
        var answer = await stand.Rider.PrepayAsync(orderNo, "1.01", "code-1");
        Assert.Equal($$"""{"timeStamp":"1","nonceStr":"nonce","package":"prepay_id={{orderNo}}","signType":"RSA","paySign":"sign"}""", answer.Data?.GetRawText().Replace(" ", ""));
        Assert.Equal(new PrepayRequest(orderNo, 101, "openid-of-code-1", $"充电 {stand.Device} 02号插头", until), provider.Prepaid.Single());
        Assert.Equal(("openid-of-code-1", 101), ((await UserAsync(stand)).OpenId, (await stand.OrderAsync(orderNo)).PrepaidFen));
        await stand.CheckAsync(knowsBooks: false);
    }

    [Fact]
    public async Task A_top_up_is_made_payable_for_its_amount_while_it_is_open()
    {
        var provider = new PrepaidProvider();
        await using var stand = await OpenAsync(provider);
        var orderNo = (await stand.Rider.NewTopUpAsync(20)).Data!.Value.GetString()!;
        var until = stand.Clock.GetUtcNow() + TimeSpan.FromMinutes(30);
        Assert.Equal(403, (await stand.Rider.PrepayAsync(orderNo, 20.01)).Code);
        Assert.Equal(200, (await stand.Rider.PrepayAsync(orderNo, 20)).Code);
        Assert.Equal(new PrepayRequest(orderNo, 2000, "openid-of-0a1B2c", "余额充值", until), provider.Prepaid.Single());
        provider.Paid[orderNo] = 2000;
        Assert.Equal(200, (await stand.Rider.CreditAsync(orderNo, 20)).Code);
        Assert.Equal(403, (await stand.Rider.PrepayAsync(orderNo, 20)).Code);

        var late = (await stand.Rider.NewTopUpAsync(20)).Data!.Value.GetString()!;
        await stand.PassAsync(TimeSpan.FromMinutes(30));
        Assert.Equal(403, (await stand.Rider.PrepayAsync(late, 20)).Code);
        Assert.Single(provider.Prepaid);
    }

    [Fact]
    public async Task The_amount_is_fixed_for_this_route_and_for_those_that_pay()
    {
        await using var stand = await OpenAsync();
        await stand.Rider.TopUpAsync(5);
        var orderNo = await stand.ReserveAsync();
        Assert.Equal(200, (await stand.Rider.PrepayAsync(orderNo, 1.01)).Code);
        Assert.Equal(403, (await stand.Rider.PrepayAsync(orderNo, 1.02)).Code);
        Assert.Equal(403, (await stand.ChargeAsync(orderNo, 1.02)).Code);
        Assert.Equal(403, (await stand.PayWithBalanceAsync(orderNo, 1.02)).Code);
        Assert.Equal(200, (await stand.Rider.PrepayAsync(orderNo, "1.01", "another-code")).Code);
        Assert.Equal("openid-of-another-code", (await UserAsync(stand)).OpenId);
        Assert.Equal(200, (await stand.ChargeAsync(orderNo, 1.01)).Code);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task Of_many_amounts_at_once_one_is_fixed()
    {
        var provider = new PrepaidProvider();
        await using var stand = await OpenAsync(provider);
        var orderNo = await stand.ReserveAsync();
        var answers = await Task.WhenAll(Enumerable.Range(1, 50).Select(n => stand.Rider.PrepayAsync(orderNo, n)));
        Assert.Single(answers, answer => answer.Code == 200);
        Assert.Equal((await stand.OrderAsync(orderNo)).PrepaidFen, provider.Prepaid.Single().Fen);
    }

    [Fact]
    public async Task What_cannot_be_paid_any_more_is_403()
    {
        await using var stand = await OpenAsync();
        var other = await stand.App.RegisterAsync();
        var paid = await stand.BeginAsync();
        var left = await stand.ReserveAsync(3);
        await stand.LeaveAsync(3);
        var anothers = await stand.ReserveAsync(4, other);
        var expired = await stand.ReserveAsync(5);
        await stand.PassAsync(TimeSpan.FromMinutes(3));
        foreach (var orderNo in new[] { paid, left, anothers, expired, "201912040000009999" })
            Assert.Equal(403, (await stand.Rider.PrepayAsync(orderNo, 1.01)).Code);
        Assert.Equal(0, _miniProgram.Asked);
        foreach (var body in new[] { "{}", """{"body":{"amount":1,"code":"x"}}""", """{"body":{"orderNo":"1","code":"x"}}""", """{"body":{"orderNo":"1","amount":1}}""" })
            Assert.Equal(403, (await stand.Rider.PostAsync("prepay", body)).Code);
        Assert.Equal(403, (await stand.Rider.PrepayAsync(await stand.ReserveAsync(6), 1, new string('x', 129))).Code);
        Assert.Equal(0, _miniProgram.Asked);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_code_that_WeChat_does_not_take_is_403_and_fixes_nothing()
    {
        await using var stand = await OpenAsync();
        var orderNo = await stand.ReserveAsync();
        _miniProgram.Refuses = true;
        Assert.Equal(403, (await stand.Rider.PrepayAsync(orderNo, 1.01)).Code);
        (_miniProgram.Refuses, _miniProgram.IsSilent) = (false, true);
        Assert.Equal(5000, (await stand.Rider.PrepayAsync(orderNo, 1.01)).Code);
        Assert.Null((await stand.OrderAsync(orderNo)).PrepaidFen);
        _miniProgram.IsSilent = false;
        Assert.Equal(200, (await stand.Rider.PrepayAsync(orderNo, 2)).Code);
    }

    [Fact]
    public async Task WeChat_is_asked_ten_times_a_minute_about_one_rider()
    {
        await using var stand = await OpenAsync();
        var orderNo = await stand.ReserveAsync();
        for (var i = 0; i < 10; i++)
            Assert.Equal(200, (await stand.Rider.PrepayAsync(orderNo, 1.01, $"code-{i}")).Code);
        Assert.Equal(5000, (await stand.Rider.PrepayAsync(orderNo, 1.01, "code-10")).Code);
        Assert.Equal(10, _miniProgram.Asked);
        stand.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(200, (await stand.Rider.PrepayAsync(orderNo, 1.01, "code-11")).Code);
    }

    [Theory]
    [InlineData(403)]
    [InlineData(5000)]
    [InlineData(402)]
    public async Task A_provider_that_fails_leaves_the_amount_fixed_for_it_may_have_taken_it(int code)
    {
        var provider = new PrepaidProvider
        {
            Fault = code switch
            {
                403 => new PaymentRefusedException("It was made with another amount."),
                5000 => new ProviderUnavailableException("No answer."),
                _ => new UntrustedAnswerException("The signature is wrong."),
            },
        };
        await using var stand = await OpenAsync(provider);
        var orderNo = await stand.ReserveAsync();
        Assert.Equal(code, (await stand.Rider.PrepayAsync(orderNo, 1.01)).Code);
        Assert.Equal(101, (await stand.OrderAsync(orderNo)).PrepaidFen);
        provider.Fault = null;
        Assert.Equal(403, (await stand.Rider.PrepayAsync(orderNo, 1.02)).Code);
        Assert.Equal(200, (await stand.Rider.PrepayAsync(orderNo, 1.01)).Code);
    }

    [Fact]
    public async Task An_order_that_the_balance_pays_meanwhile_is_not_offered_for_payment()
    {
        var provider = new PrepaidProvider();
        await using var stand = await OpenAsync(provider);
        provider.Confirms = true;
        await stand.Rider.TopUpAsync(0.5);
        provider.Confirms = false;
        var orderNo = await stand.ReserveAsync();
        provider.Meanwhile = () => stand.PayWithBalanceAsync(orderNo, 0.5);
        Assert.Equal(403, (await stand.Rider.PrepayAsync(orderNo, 0.5)).Code);
        Assert.Equal((OrderState.Charging, OrderTag.Balance), await stand.OrderAsync(orderNo) is var order ? (order.State, order.Tag) : default);
    }

    /// <summary>The callback tells of it before the rider's phone does.</summary>
    [Theory]
    [InlineData(101, OrderState.Charging)]
    [InlineData(102, OrderState.Refunded)]
    public async Task A_payment_that_the_provider_tells_of_starts_the_charge_if_it_is_the_one_that_was_made(long fen, OrderState state)
    {
        await using var stand = await OpenAsync();
        var orderNo = await stand.ReserveAsync();
        await stand.Rider.PrepayAsync(orderNo, 1.01);
        stand.App.Provider.Pay(orderNo, fen);
        var effects = stand.App.Services.GetRequiredService<PaymentEffects>();
        await StoreOf(stand).RunAsync(tx => effects.TakeUpAsync(tx, orderNo, fen));
        await stand.UntilAsync(orderNo, state);
        Assert.Equal(fen == 101 ? 200 : 403, (await stand.ChargeAsync(orderNo, 1.01)).Code);
        await stand.CheckAsync();
    }

    /// <summary>From the route to the power, with WeChat in between: its login, its payment, its callback.</summary>
    [Fact]
    public async Task A_rider_pays_in_the_mini_program_and_the_charge_starts_by_itself()
    {
        await using var paying = await PayingStand.OpenAsync();
        var orderNo = await paying.Stand.ReserveAsync();
        var answer = await paying.Stand.Rider.PrepayAsync(orderNo, 1.01, paying.WeChat.MiniProgram.Login("oRider"));
        var data = answer.Data!.Value;
        var signed = $"{paying.WeChat.Merchant.AppId}\n{Text("timeStamp")}\n{Text("nonceStr")}\n{Text("package")}\n";
        Assert.True(paying.WeChat.Merchant.HasSigned(signed, Text("paySign")), answer.Text);
        Assert.Equal((101, "oRider"), paying.WeChat.Books.Payment(orderNo) is { } booked ? (booked.Fen, booked.OpenId) : default);
        Assert.Equal(200, (await paying.Stand.Rider.PrepayAsync(orderNo, 1.01, paying.WeChat.MiniProgram.Login("oRider"))).Code);
        Assert.Equal(403, (await paying.Stand.Rider.PrepayAsync(orderNo, 1.01, "0123456789abcdef0123456789abcdef")).Code);

        await paying.WeChat.PayAsync(orderNo);
        await paying.Stand.UntilAsync(orderNo, OrderState.Charging);
        Assert.Equal(200, (await paying.Stand.ChargeAsync(orderNo)).Code);
        Assert.Equal(200, (await paying.Stand.Rider.StopAsync(orderNo)).Code);
        await Retry.Until("all of it went back", async () => (await paying.Stand.OrderAsync(orderNo)).RefundedFen == 101);
        await paying.CheckAsync();

        string Text(string name) => data.GetProperty(name).GetString()!;
    }

    /// <summary>The payment that was offered is closed, and what was paid in that moment goes back.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_prepaid_order_that_the_balance_pays_is_closed_at_WeChat_and_paid_there_too_goes_back(bool isPaidThere)
    {
        await using var paying = await PayingStand.OpenAsync();
        var topUp = (await paying.Stand.Rider.NewTopUpAsync(5)).Data!.Value.GetString()!;
        Assert.Equal(200, (await paying.Stand.Rider.PrepayAsync(topUp, 5, paying.WeChat.MiniProgram.Login("oRider"))).Code);
        await paying.WeChat.PayAsync(topUp);
        await Retry.Until("the top-up is credited", async () => await paying.BalanceAsync() == 500);
        paying.WeChat.Faults.CallbackMode = CallbackMode.Never;
        var orderNo = await paying.Stand.ReserveAsync();
        Assert.Equal(200, (await paying.Stand.Rider.PrepayAsync(orderNo, 1.01, paying.WeChat.MiniProgram.Login("oRider"))).Code);
        if (isPaidThere)
            await paying.WeChat.PayAsync(orderNo);
        Assert.Equal(200, (await paying.Stand.PayWithBalanceAsync(orderNo)).Code);
        if (isPaidThere)
            await paying.Stand.App.AdvanceUntil("it went back", () => paying.WeChat.Books.Refunds.GetValueOrDefault($"{orderNo}R1") == 101, TimeSpan.FromSeconds(5));
        else
            await Retry.Until("it is closed", () => paying.WeChat.Books.Payment(orderNo)!.State == "CLOSED");
        await Retry.Until("the ledger has heard", async () => (await paying.Stand.OrderAsync(orderNo)).OwedFen == 0);
        Assert.Equal((399, 1), (await paying.BalanceAsync(), paying.Stand.Pile.StartsObeyed(orderNo)));
        await paying.CheckAsync();
    }

    private Task<Stand> OpenAsync(PrepaidProvider? provider = null) => Stand.OpenAsync(configure: builder =>
    {
        provider?.Use(builder);
        _miniProgram.Use(builder);
    });

    private static async Task<User> UserAsync(Stand stand) =>
        (await StoreOf(stand).RunAsync(tx => tx.ListAsync(AccountTables.UsersByPhone, KeyRange.Exactly(stand.Rider.Phone), 1)))[0];

    private static IStore StoreOf(Stand stand) => stand.App.Services.GetRequiredService<IStore>();

    /// <summary>Remembers what it was asked to make payable, and fails as it is told to.</summary>
    private sealed class PrepaidProvider : TestProvider
    {
        public ConcurrentQueue<PrepayRequest> Prepaid { get; } = new();

        public ConcurrentDictionary<string, long> Paid { get; } = new();

        /// <summary>Whether it was paid whatever somebody says was paid.</summary>
        public bool Confirms { get; set; }

        public Exception? Fault { get; set; }

        public Func<Task>? Meanwhile { get; set; }

        public override async Task<PaymentParameters> PrepayAsync(PrepayRequest payment, CancellationToken cancellationToken)
        {
            if (Fault is not null)
                throw Fault;
            Prepaid.Enqueue(payment);
            if (Meanwhile is not null)
                await Meanwhile();
            return await base.PrepayAsync(payment, cancellationToken);
        }

        public override Task<PaymentAnswer> QueryAsync(string orderNo, long? expectedFen, CancellationToken cancellationToken)
        {
            if (Confirms && expectedFen is { } said)
                Paid.TryAdd(orderNo, said);
            return Task.FromResult(Paid.TryGetValue(orderNo, out var fen) ? new PaymentAnswer(PaymentState.Paid, fen) : new PaymentAnswer(PaymentState.NotPaid));
        }
    }
}
