using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Reliability.HeavyMessages;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Orders;

/// <summary>What a status costs the store, however often it comes and whatever it says.</summary>
public sealed class StatusCheckTests
{
    private const string Settlement = $"{nameof(StatusCheck)}.{nameof(StatusCheck.SettleAsync)}";

    [Fact]
    public async Task Of_one_pile_one_settlement_runs_and_the_newest_status_waits()
    {
        var store = new MeteredStore();
        await using var stand = await Stand.OpenAsync(configure: store.Use);
        await using var pile = await RawPile.OpenAsync(stand.App);
        store.Take();
        store.Hold();
        for (var n = 1; n <= 50; n++)
            await pile.ReportAsync(Charges(1, $"x{n}"));
        await Retry.Until("the last one is on the board", () => Board(stand).Find(DeviceNo.Parse(pile.Device))?.Plug(1)?.OrderNo == "x50");
        Assert.Equal(1, store.Held(Settlement));

        store.Release();
        await pile.HearAsync(command => command.StopCharge?.OrderNo == "x50");
        await Retry.Until("both were settled", () => store.Held(Settlement) == 0);
        Assert.InRange(store.Take().Count(operation => operation.Name == Settlement), 1, 2);
        Assert.DoesNotContain(pile.Received, command => command.StopCharge is { OrderNo: not "x50" });
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_pile_with_very_many_plugs_is_settled_in_short_operations()
    {
        var store = new MeteredStore();
        await using var stand = await Stand.OpenAsync(configure: store.Use);
        await using var pile = await RawPile.OpenAsync(stand.App, plugs: 99);
        for (var round = 0; round < 2; round++)
        {
            store.Take();
            stand.Clock.Advance(TimeSpan.FromSeconds(1));
            await pile.ReportAsync([.. Enumerable.Range(1, 99).Select(plug => Charges(plug, $"x{round}y{plug}"))]);
            var operations = new List<MeteredOperation>();
            await Retry.Until("all plugs were settled", () =>
            {
                operations.AddRange(store.Take().Where(operation => operation.Name == Settlement));
                return operations.Count == 7;
            });
            // A plug is the plug, the order that it names, its stop and how many there are.
            Assert.All(operations, operation => Assert.InRange(operation.Read, 1, 4 * 16));
            Assert.Equal(round == 0 ? 2 * 99 : 0, operations.Sum(operation => operation.Written));
        }
        Assert.Equal(99, (await CountsAsync(stand, pile.Device)).OrphanStops);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_pile_may_invent_orders_anew_when_the_stops_of_the_last_ones_are_confirmed()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        for (var n = 1; n <= 3; n++)
        {
            await pile.ReportAsync(Charges(n, $"x{n}"));
            var stop = await pile.HearAsync(command => command.StopCharge?.OrderNo == $"x{n}");
            Assert.Equal(1, (await CountsAsync(stand, pile.Device)).OrphanStops);
            await pile.ReportAsync();
            await pile.AnswerAsync(stop);
            await pile.AnswerAsync(stop);
            await Retry.Until("the stop is done", async () => (await CountsAsync(stand, pile.Device)).OrphanStops == 0);
        }
        await stand.CheckAsync();
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(11u)]
    [InlineData(uint.MaxValue)]
    [InlineData(1u, 2u, 1u)]
    public async Task A_status_that_names_a_plug_that_the_pile_has_not_or_one_twice_counts_for_nothing(params uint[] plugs)
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        await pile.ReportAsync([.. plugs.Select(plug => new PlugStatus { Plug = plug, State = PlugState.Fault })]);
        await Retry.Until("it is set aside", () => stand.App.Log.Records.Any(record => record.ToString().Contains($"Pile {pile.Device} sent something unreadable", StringComparison.Ordinal)));
        Assert.Equal(PlugState.Connected, Board(stand).Find(DeviceNo.Parse(pile.Device))!.Plug(1)!.State);

        await pile.ReportAsync(new PlugStatus { Plug = 10, State = PlugState.Fault }, new PlugStatus { Plug = 1, State = PlugState.Fault });
        await Retry.Until("an honest status counts", () => Board(stand).Find(DeviceNo.Parse(pile.Device))!.Plug(1)!.State == PlugState.Fault);
    }

    private static PlugStatus Charges(int plug, string orderNo) => new() { Plug = (uint)plug, State = PlugState.Charging, OrderNo = orderNo };

    private static Board Board(Stand stand) => stand.App.Services.GetRequiredService<Board>();

    private static async Task<PileCounts> CountsAsync(Stand stand, string device) =>
        await stand.App.Services.GetRequiredService<IStore>().RunAsync(tx => tx.GetAsync(PileCounts.Table, device)) ?? new PileCounts { Device = DeviceNo.Parse(device) };
}
