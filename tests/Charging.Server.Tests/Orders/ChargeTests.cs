using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Orders;

/// <summary>A whole charge, as the rider sees it.</summary>
public sealed class ChargeTests
{
    public static TheoryData<Transport> Transports => [Transport.Json, Transport.Grpc];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_paid_charge_runs_from_the_reservation_to_the_list(Transport transport)
    {
        await using var app = await ChargingApp.StartAsync(transport);
        var pile = await app.AddPileAsync();
        var device = pile.Options.DeviceNo;
        var rider = await app.RegisterAsync();

        var orderNo = (await rider.PostAsync("getOrderNo", new { body = new { deviceNo = device, plug = "02" } })).Data!.Value.GetString();
        Assert.Matches("^[0-9]{18}$", orderNo);
        var started = await rider.PostAsync("mobilePaymentCharging", new { body = new { deviceNo = device, plug = "02", orderNo, amount = 1.01 } });
        Assert.Equal((200, "成功"), (started.Code, started.Message));
        Assert.Equal(1, pile.StartsObeyed(orderNo!));

        pile.BatteryFull(2);
        await Retry.Until("the list shows the end", async () => EndOf(await ListAsync(rider)) != "-");
        var order = (await ListAsync(rider)).GetProperty("list")[0];
        Assert.Equal(orderNo, order.GetProperty("orderNo").GetString());
        Assert.Equal((2, 1, 1.01), (order.GetProperty("cmdStatus").GetInt32(), order.GetProperty("orderTag").GetInt32(), order.GetProperty("amount").GetDouble()));
    }

    private static string? EndOf(System.Text.Json.JsonElement list) => list.GetProperty("list")[0].GetProperty("chargingEndTime").GetString();

    private static async Task<System.Text.Json.JsonElement> ListAsync(Rider rider) =>
        (await rider.PostAsync("getOrderRecord", new { pageNum = 1, pageSize = 10 })).Data!.Value;
}
