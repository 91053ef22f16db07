using Charging.Device.V1;
using Charging.Server.Orders;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Golden;

/// <summary>The document's examples of piles, orders and the balance: sections 5 to 10 and 13.</summary>
public sealed class OrderExamples
{
    public static TheoryData<Transport> Transports => [Transport.Json, Transport.Grpc];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task The_examples_of_the_document_answer_as_it_shows(Transport transport)
    {
        var clock = new SteppedClock(Stand.Beginning);
        var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock, Transport = transport });
        var pile = await app.AddPileAsync(deviceNo: "0000000000");
        var rider = await app.RegisterAsync();
        await using var stand = new Stand(app, clock, pile, rider);
        var issued = new Dictionary<string, string> { ["phone"] = rider.Phone };
        var golden = new Testing.Golden(issued);

        foreach (var section in new[] { "05-getPileStatus", "06-getOrderNo", "08-mobilePaymentCharging", "06-getOrderNo", "07-mobilePaymentCharging" })
            Assert.Empty(await golden.RunAsync(app, PathOf(section), rider.Token));
        pile.BatteryFull(1);
        await stand.UntilAsync(issued["orderNo"], OrderState.Settled);
        foreach (var section in new[] { "09-getBalanceOrderNo", "10-addBalance" })
            Assert.Empty(await golden.RunAsync(app, PathOf(section), rider.Token));

        await rider.PostAsync("bindCard", new { body = new { cardNo = "2577522B" } });
        Assert.True((await pile.SwipeAsync(6, "2577522B")).Accepted);
        await pile.WaitUntilAsync("the start was heard", it => it.Plug(6).State == PlugState.Charging && it.Unacknowledged.Count == 0);
        Assert.Empty(await golden.RunAsync(app, PathOf("13-getOrderRecord"), rider.Token));
        await stand.CheckAsync();
    }

    private static string PathOf(string section) => Path.Combine(AppContext.BaseDirectory, "Golden", $"{section}.txt");
}
