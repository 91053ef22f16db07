using System.Text;
using Charging.Server.Calls;
using Charging.Server.Payments;
using Charging.Server.Payments.WeChatPay;
using Charging.Testing.WeChatPay;
using Xunit;

namespace Charging.Server.Tests.Payments.WeChatPay;

/// <summary>The trade bill of a day.</summary>
public sealed class BillTests
{
    [Fact]
    public async Task A_bill_has_the_payments_and_refunds_of_its_day_once_it_is_made()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        await client.PaidAsync();
        await client.RefundAsync();
        Assert.Null(await client.BillAsync());
        client.Clock.Advance(new DateTimeOffset(2019, 12, 5, 9, 59, 0, TimeSpan.FromHours(8)) - client.Clock.GetUtcNow());
        Assert.Null(await client.BillAsync());
        client.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(
            [new BillLine(WeChatPayClient.OrderNo, WeChatPayClient.OrderNo, 101, false), new BillLine(WeChatPayClient.RefundNo, WeChatPayClient.OrderNo, 40, true)],
            await client.BillAsync());
        Assert.Null(await client.Provider.BillAsync(new DateOnly(2019, 12, 5), CancellationToken.None));
    }

    [Fact]
    public async Task A_row_that_is_missing_is_missing()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        await client.PaidAsync();
        await client.RefundAsync();
        client.WeChat.Faults.MissingInBills[WeChatPayClient.RefundNo] = true;
        client.Clock.Advance(TimeSpan.FromDays(2));
        Assert.Equal(WeChatPayClient.OrderNo, Assert.Single((await client.BillAsync())!).No);
    }

    [Fact]
    public async Task A_refund_that_was_given_up_moved_nothing()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        client.WeChat.Faults.RefundEnd = "CLOSED";
        await client.PaidAsync();
        Assert.Equal(RefundState.Closed, await client.RefundAsync());
        client.Clock.Advance(TimeSpan.FromDays(2));
        Assert.False(Assert.Single((await client.BillAsync())!).IsRefund);
    }

    [Fact]
    public async Task A_day_without_payments_never_gets_a_bill_and_is_empty_in_the_afternoon()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        client.Clock.Advance(new DateTimeOffset(2019, 12, 5, 11, 59, 0, TimeSpan.FromHours(8)) - client.Clock.GetUtcNow());
        Assert.Null(await client.BillAsync());
        client.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty((await client.BillAsync())!);
    }

    [Fact]
    public async Task A_file_that_is_not_the_one_that_was_signed_is_not_believed()
    {
        await using var client = await WeChatPayClient.OpenAsync();
        await client.PaidAsync();
        client.WeChat.Faults.BillIsChanged = true;
        client.Clock.Advance(TimeSpan.FromDays(2));
        client.Log.Expect("does not have the hash");
        await Assert.ThrowsAsync<UntrustedAnswerException>(client.BillAsync);
    }

    [Theory]
    [InlineData(Outage.TooMany)]
    [InlineData(Outage.ServerError)]
    [InlineData(Outage.Cut)]
    public async Task A_file_that_does_not_come_is_no_answer(Outage outage)
    {
        await using var client = await WeChatPayClient.OpenAsync();
        await client.PaidAsync();
        client.Clock.Advance(TimeSpan.FromDays(2));
        client.WeChat.Faults.Break(outage, WeChatCall.BillFile);
        await Assert.ThrowsAsync<ProviderUnavailableException>(client.BillAsync);
    }

    [Fact]
    public void A_bill_of_another_mini_program_and_of_other_columns_is_read_by_its_headings()
    {
        const string Bill = """
            交易状态,商户订单号,公众账号ID,总金额,商户退款单号,退款金额,退款状态,商品名称
            `SUCCESS,`201912040000000352,`wx1,`1000.10,`0,`0,`,`充电, 一次
            `SUCCESS,`foreign,`wx2,`1.00,`0,`0,`,`
            `REFUND,`201912040000000352,`wx1,`0.00,`201912040000000352R1,`0.07,`PROCESSING,`充电
            总交易单数,总交易额
            `3,`1001.10
            """;
        Assert.Equal(
            [new BillLine("201912040000000352", "201912040000000352", 100_010, false), new BillLine("201912040000000352R1", "201912040000000352", 7, true)],
            TradeBill.Read(Encoding.UTF8.GetBytes(Bill), "wx1"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("交易时间,商户订单号")]
    [InlineData("交易状态,商户订单号,公众账号ID,总金额,商户退款单号,退款金额,退款状态\n`SUCCESS,`2019")]
    [InlineData("交易状态,商户订单号,公众账号ID,总金额,商户退款单号,退款金额,退款状态\n`SUCCESS,`2019,`wx1,`1.001,`0,`0,`")]
    [InlineData("交易状态,商户订单号,公众账号ID,总金额,商户退款单号,退款金额,退款状态\n`SUCCESS,`2019,`wx1,`-1.00,`0,`0,`")]
    public void What_is_no_bill_is_not_read(string text) =>
        Assert.Throws<FormatException>(() => TradeBill.Read(Encoding.UTF8.GetBytes(text), "wx1"));
}
