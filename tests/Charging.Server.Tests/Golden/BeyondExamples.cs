using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Golden;

/// <summary>The examples of the routes beyond the document.</summary>
public sealed class BeyondExamples
{
    public static TheoryData<Transport> Transports => [Transport.Json, Transport.Grpc];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task The_examples_of_the_page_answer_as_it_shows(Transport transport)
    {
        var clock = new SteppedClock(Stand.Beginning);
        var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock, Transport = transport });
        var pile = await app.AddPileAsync(deviceNo: "0000000000");
        var rider = await app.RegisterAsync();
        await using var stand = new Stand(app, clock, pile, rider);
        await rider.TopUpAsync(100.25);
        var golden = new Testing.Golden(new Dictionary<string, string>());

        foreach (var example in new[] { "getBalance", "06-getOrderNo", "prepay", "payWithBalance" })
            Assert.Empty(await golden.RunAsync(app, PathOf(example), rider.Token));
        await stand.PassAsync(TimeSpan.FromMinutes(24));
        pile.SendStatus();
        await Retry.Until("the pile has told of 24 minutes", async () =>
            (await rider.DetailAsync((await rider.ListAsync()).Data!.Value.GetProperty("list")[0].GetProperty("orderNo").GetString()!)).Data!.Value.GetProperty("seconds").GetInt32() == 1440);
        await rider.PostAsync("bindCard", new { body = new { cardNo = "2577522B" } });
        Assert.Empty(await golden.RunAsync(app, PathOf("setCardLimit"), rider.Token));
        Assert.True((await pile.SwipeAsync(6, "2577522B")).Accepted);
        foreach (var example in new[] { "getCardno-detail", "getChargingDetail", "stopCharging", "logout" })
            Assert.Empty(await golden.RunAsync(app, PathOf(example), rider.Token));
        Assert.Equal(401, (await rider.PostAsync("getBalance")).Code);
        await stand.CheckAsync();
    }

    private static string PathOf(string example) => Path.Combine(AppContext.BaseDirectory, "Golden", $"{example}.txt");
}
