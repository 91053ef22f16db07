using Charging.Server.Payments;
using Charging.Server.Storage;
using Charging.Server.Tests.Attack;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Payments;

/// <summary>When the provider is asked about what has ended unpaid: when it can know of a payment.</summary>
public sealed class UnpaidOrderTests
{
    private const string OwnService = "--Charging:Payment:OwnPaymentService=true";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reservation_that_was_left_is_closed_at_the_provider_only_when_a_payment_was_made_for_it(bool prepays)
    {
        var provider = new AwkwardProvider();
        await using var stand = await Stand.OpenAsync(configure: provider.Use);
        var orderNo = await stand.ReserveAsync();
        if (prepays)
            Assert.Equal(200, (await stand.Rider.PrepayAsync(orderNo, 1.01)).Code);
        Assert.Equal(200, (await stand.LeaveAsync()).Code);

        await ExpectAsync(stand, provider, orderNo, asked: prepays);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_top_up_that_nobody_paid_is_closed_at_the_provider_only_when_a_payment_was_made_for_it(bool prepays)
    {
        var provider = new AwkwardProvider();
        await using var stand = await Stand.OpenAsync(configure: provider.Use);
        var no = (await stand.Rider.NewTopUpAsync(1)).Data!.Value.GetString()!;
        if (prepays)
            Assert.Equal(200, (await stand.Rider.PrepayAsync(no, 1)).Code);
        await stand.PassAsync(TimeSpan.FromMinutes(30));

        await ExpectAsync(stand, provider, no, asked: prepays);
        if (!prepays)
            Assert.Equal(TopUpState.Closed, (await StoreOf(stand).RunAsync(tx => tx.GetAsync(TopUp.Table, no)))!.State);
    }

    [Fact]
    public async Task A_payment_service_of_the_operators_own_may_have_made_a_payment_for_anything()
    {
        var provider = new AwkwardProvider();
        await using var stand = await Stand.OpenAsync(configure: provider.Use, settings: OwnService);
        var orderNo = await stand.ReserveAsync();
        Assert.Equal(200, (await stand.LeaveAsync()).Code);

        await ExpectAsync(stand, provider, orderNo, asked: true);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(OwnService, false)]
    public async Task An_operator_whose_own_service_makes_payments_without_the_setting_is_warned_once(string? setting, bool warns)
    {
        var provider = new AwkwardProvider { Confirms = true };
        await using var stand = await Stand.OpenAsync(configure: provider.Use, settings: setting is null ? [] : [setting]);
        await stand.BeginAsync(plug: 2);
        await stand.BeginAsync(plug: 3);

        Assert.Equal(warns ? 1 : 0, stand.App.Log.Records.Count(record => record.Message.Contains("OwnPaymentService=true", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_payment_that_this_server_made_is_no_reason_to_warn()
    {
        var provider = new AwkwardProvider { Confirms = true };
        await using var stand = await Stand.OpenAsync(configure: provider.Use);
        var orderNo = await stand.ReserveAsync();
        Assert.Equal(200, (await stand.Rider.PrepayAsync(orderNo, 1.01)).Code);
        Assert.Equal(200, (await stand.ChargeAsync(orderNo)).Code);

        Assert.DoesNotContain(stand.App.Log.Records, record => record.Message.Contains("OwnPaymentService", StringComparison.Ordinal));
    }

    private static async Task ExpectAsync(Stand stand, AwkwardProvider provider, string no, bool asked)
    {
        var key = DueRow.KeyOf(DueKind.Close, no);
        await Retry.Until("it was asked about, or is done with", async () =>
            provider.Askings(no) > 0 || await StoreOf(stand).RunAsync(tx => tx.GetAsync(DueRows.Table, key)) is null);
        Assert.Equal(asked ? (1, 1) : (0, 0), (provider.Closing, provider.Askings(no)));
    }

    private static IStore StoreOf(Stand stand) => stand.App.Services.GetRequiredService<IStore>();
}
