using System.Text.Json;
using Charging.Device.V1;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Orders;

/// <summary>getOrderRecord (contract section 13).</summary>
public sealed class RecordTests
{
    [Fact]
    public async Task Pages_are_newest_first_and_know_the_total()
    {
        await using var stand = await Stand.OpenAsync();
        stand.Pile.Faults = new PileFaults { RejectStarts = RejectReason.PlugFault };
        var numbers = new List<string>();
        for (var i = 0; i < 12; i++)
        {
            var plug = 2 + (i % 2);
            numbers.Insert(0, await stand.ReserveAsync(plug));
            await stand.ChargeAsync(numbers[0], plug: plug);
        }
        await stand.ReserveAsync();
        foreach (var (number, size, from, count) in new[] { (1, 5, 0, 5), (2, 5, 5, 5), (3, 5, 10, 2), (4, 5, 12, 0), (1, 12, 0, 12), (1, 100, 0, 12), (int.MaxValue, 100, 12, 0), (12, 1, 11, 1) })
        {
            var page = (await stand.Rider.ListAsync(number, size)).Data!.Value;
            Assert.Equal(12, page.GetProperty("total").GetInt32());
            Assert.Equal(numbers.Skip(from).Take(count), page.GetProperty("list").EnumerateArray().Select(order => order.GetProperty("orderNo").GetString()!));
        }
        await stand.CheckAsync();
    }

    [Theory]
    [InlineData("""{"pageNum":1,"pageSize":10}""", 200)]
    [InlineData("""{"body":{"pageNum":1,"pageSize":10}}""", 200)]
    [InlineData("""{"body":{"pageNum":1,"pageSize":10},"pageNum":0}""", 200)]
    [InlineData("""{"pageNum":1,"pageSize":100}""", 200)]
    [InlineData("""{"pageNum":1,"pageSize":101}""", 403)]
    [InlineData("""{"pageNum":1,"pageSize":0}""", 403)]
    [InlineData("""{"pageNum":0,"pageSize":10}""", 403)]
    [InlineData("""{"pageNum":-1,"pageSize":10}""", 403)]
    [InlineData("""{"pageNum":1}""", 403)]
    [InlineData("""{"pageSize":10}""", 403)]
    [InlineData("""{"pageNum":3000000000,"pageSize":10}""", 403)]
    [InlineData("""{"pageNum":1.5,"pageSize":10}""", 403)]
    [InlineData("""{"body":{}}""", 403)]
    [InlineData("{}", 403)]
    public async Task Only_pages_that_exist_can_be_asked_for(string body, int code)
    {
        await using var app = await ChargingApp.StartAsync();
        var rider = await app.RegisterAsync();
        var answer = await rider.PostAsync("getOrderRecord", body);
        Assert.Equal(code, answer.Code);
        if (code == 200)
            Assert.Equal("""{"success":true,"code":200,"message":"操作成功","data":{"list":[],"total":0}}""", answer.Text.Replace(" ", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_order_shows_what_became_of_it()
    {
        await using var stand = await Stand.OpenAsync();
        var device = ChargingApp.NewDeviceNo();
        var secret = await RawPile.RegisterAsync(stand.App, device);
        string orderNo;
        await using (var pile = await RawPile.ConnectAsync(stand.App, device, secret))
        {
            await pile.ReportAsync(new PlugStatus { Plug = 2, State = PlugState.Connected });
            await pile.HearAsync(command => command.SetTime is not null);
            orderNo = (await stand.Rider.ReserveAsync(device, "02")).Data!.Value.GetString()!;
            Assert.Equal(0, (await stand.Rider.ListAsync()).Data!.Value.GetProperty("total").GetInt32());
            var call = stand.Rider.ChargeAsync(device, "02", orderNo, 3);
            var start = await pile.HearAsync(command => command.StartCharge is not null);
            Assert.Equal(43_200u, start.StartCharge.MaxSeconds);
            Assert.Equal(Line(orderNo, device, 1, "-", "-", "-"), (await stand.NewestAsync()).GetRawText());
            await pile.AnswerAsync(start);
            Assert.Equal(200, (await call).Code);
            Assert.Equal(Line(orderNo, device, 2, "2019年12月04日 11时07分", "-", "-"), (await stand.NewestAsync()).GetRawText());
        }
        stand.Clock.Advance(TimeSpan.FromHours(8.5));
        await using var again = await RawPile.ConnectAsync(stand.App, device, secret);
        await again.RaiseAsync(1, raised => raised.ChargeEnded = new ChargeEnded { OrderNo = orderNo, Plug = 2, Seconds = 30_600, Reason = EndReason.Full });
        await stand.UntilAsync(orderNo, OrderState.Settled);
        Assert.Equal(
            Line(orderNo, device, 2, "2019年12月04日 11时07分", "2019年12月04日 19时37分", "8小时30分"), (await stand.NewestAsync()).GetRawText());

        var other = await stand.App.RegisterAsync();
        Assert.Equal(0, (await other.ListAsync()).Data!.Value.GetProperty("total").GetInt32());
        await stand.CheckAsync();
    }

    private static string Line(string orderNo, string device, int status, string from, string to, string time) => JsonSerializer.Serialize(
        new
        {
            orderNo,
            deviceNo = device,
            cardNo = (string?)null,
            plugNo = "02",
            orderTag = 1,
            amount = 3,
            cmdStatus = status,
            chargingStartTime = from,
            chargingEndTime = to,
            elapsedTime = time,
        },
        new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
