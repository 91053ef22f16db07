using System.Text.Json.Nodes;
using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Operations;

/// <summary>
/// A small town on the board, of which the READMEs show pictures. `CHARGING_PICTURES=$PWD/docs/images` keeps them; they are the
/// same each time but for the numbers of orders.
/// </summary>
public sealed class LiveBoardPictureTests(Browser browser) : IClassFixture<Browser>
{
    // Charges of the 24 hours before 11:07.
    private static readonly long[] Day = [9, 12, 11, 8, 7, 9, 15, 23, 27, 24, 19, 14, 6, 3, 2, 1, 1, 2, 5, 11, 14, 12, 10];

    [Theory]
    [InlineData("en-GB", "board.png", "East Gate", "Library", "Dormitory 7")]
    [InlineData("zh-CN", "board.zh-CN.png", "东门", "图书馆", "七号宿舍")]
    public async Task A_busy_morning_fits_on_the_board(string language, string picture, params string[] places)
    {
        // One rider stands for many.
        await using var stand = await Stand.OpenAsync(settings: "--Charging:Orders:MaxLiveOrders=100");
        await PutHoursAsync(stand);
        await LiveBoardOrderTests.LoseAsync(stand);
        var piles = await BuildAsync(stand, places);
        foreach (var (pile, plug) in piles.Skip(1).SelectMany((pile, n) => Enumerable.Range(0, 3 + n % 4).Select(k => (pile, Plug: 1 + (k * 3 + n) % 10))))
            await ChargeAsync(stand, pile, plug);
        await stand.PassAsync(TimeSpan.FromMinutes(1));
        foreach (var pile in piles)
            await stand.App.WaitUntilOnlineAsync(pile);
        await TroubleAsync(stand, piles);
        var folder = Environment.GetEnvironmentVariable("CHARGING_PICTURES");
        using var scratch = new Scratch();

        await using var page = await browser.OpenAsync(stand.App, Look(stand, language, 1360, 940));
        await page.WatchAsync(await stand.App.NewKeyAsync(Role.Operator, language == "zh-CN" ? "夜班" : "night shift"));
        await page.SeesAsync("#plot rect", 24);
        await page.SeesAsync(".pile[data-online=false]", 1);
        await page.SeesAsync(".plug[data-state=reserved]", 2);
        await page.SeesAsync("#alarms li", 3);
        await page.SeesAsync("#trouble li", 4);
        var path = Path.Combine(folder is null ? scratch.Folder : Path.GetFullPath(folder), picture);
        await page.PictureAsync(path);
        Assert.InRange(new FileInfo(path).Length, 20_000, 300_000);
        Assert.Equal(1360, await page.AskAsync<int>("document.documentElement.scrollWidth"));

        await using var phone = await browser.OpenAsync(stand.App, Look(stand, language, 360, 780));
        await phone.WatchAsync(stand.App.Key());
        await phone.SeesAsync("#plot svg");
        Assert.Equal(360, await phone.AskAsync<int>("document.documentElement.scrollWidth"));
        await phone.PictureAsync(Path.Combine(scratch.Folder, "phone.png"));
    }

    // As if the visitor's clock were the town's.
    private static JsonObject Look(Stand stand, string language, int width, int height) =>
        new() { ["language"] = language, ["width"] = width, ["height"] = height, ["now"] = stand.Clock.GetUtcNow().ToString("O") };

    private static async Task<List<SimulatedPile>> BuildAsync(Stand stand, string[] places)
    {
        var (piles, stations) = (new List<SimulatedPile> { stand.Pile }, new StationService.StationServiceClient(stand.App.AsOperator()));
        for (var n = 1; n < 12; n++)
            piles.Add(await stand.App.AddPileAsync(new SimulatedPileOptions { DeviceNo = "", Secret = "", PowerW = (uint)(110 + n * 37 % 290) }));
        for (var n = 0; n < places.Length; n++)
            await stations.AddStationAsync(new AddStationRequest { StationId = $"s{n}", Name = places[n] });
        var registry = new PileService.PileServiceClient(stand.App.AsOperator());
        for (var n = 0; n < piles.Count; n++)
            await registry.UpdatePileAsync(new UpdatePileRequest { DeviceNo = piles[n].Options.DeviceNo, Name = $"{places[n / 4]} {n % 4 + 1}", StationId = $"s{n / 4}" });
        return piles;
    }

    private static async Task ChargeAsync(Stand stand, SimulatedPile pile, int plug)
    {
        var (device, label) = (pile.Options.DeviceNo, $"{plug:D2}");
        var orderNo = (await stand.Rider.ReserveAsync(device, label)).Data!.Value.GetString()!;
        Assert.Equal(200, (await stand.Rider.ChargeAsync(device, label, orderNo, 3.00)).Code);
    }

    private static async Task TroubleAsync(Stand stand, List<SimulatedPile> piles)
    {
        piles[3].BreakPlug(9);
        piles[6].BreakPlug(4);
        piles[9].CutPower();
        await stand.Rider.ReserveAsync(stand.Device, "05");
        await (await stand.App.RegisterAsync()).ReserveAsync(piles[5].Options.DeviceNo, "10");
        piles[4].RaiseAlarm(AlarmCode.Smoke, 7);
        piles[2].RaiseAlarm(AlarmCode.Door);
        piles[8].RaiseAlarm(AlarmCode.Water);
        var alarms = new AlarmService.AlarmServiceClient(stand.App.CallingWith($"Bearer {await stand.App.NewKeyAsync(Role.Operator, "day shift")}"));
        await Retry.Until("the door is known to be open", async () => (await alarms.ListAlarmsAsync(new ListAlarmsRequest())).Alarms.Count == 3);
        await alarms.AcknowledgeAlarmAsync(new AcknowledgeAlarmRequest { AlarmId = $"{piles[2].Options.DeviceNo}-00-Door" });
    }

    private static Task PutHoursAsync(Stand stand) => stand.App.Services.GetRequiredService<IStore>().RunAsync(tx =>
    {
        var hours = Day.Select((orders, n) => (At: Stand.Beginning.AddHours(8 + n - Day.Length), orders));
        foreach (var day in hours.GroupBy(hour => hour.At.Date))
        {
            var figures = day.Select(it => new HourFigures { Hour = it.At.Hour, Orders = it.orders, EnergyWh = it.orders * 640, RevenueFen = it.orders * 118 }).ToList();
            tx.Put(DayFigures.Table, new DayFigures
            {
                Day = day.Key.ToString("yyyy-MM-dd"),
                Device = DeviceNo.Parse(stand.Device),
                Orders = figures.Sum(it => it.Orders),
                EnergyWh = figures.Sum(it => it.EnergyWh),
                RevenueFen = figures.Sum(it => it.RevenueFen),
                FailedStarts = 2,
                Hours = figures,
            });
        }
        return ValueTask.FromResult(true);
    });

    private sealed class Scratch : IDisposable
    {
        public string Folder { get; } = Directory.CreateTempSubdirectory("pictures-").FullName;

        public void Dispose() => Directory.Delete(Folder, recursive: true);
    }
}
