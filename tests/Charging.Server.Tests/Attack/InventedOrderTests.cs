using Charging.Device.V1;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Attack;

/// <summary>A pile that invents orders.</summary>
public sealed class InventedOrderTests
{
    [Fact]
    public async Task Invented_orders_do_not_pile_up_in_memory()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        for (var round = 0; round < 20; round++)
        {
            stand.Clock.Advance(TimeSpan.FromSeconds(1));
            var plugs = Enumerable.Range(1, 10).Select(n => new PlugStatus { Plug = (uint)n, State = PlugState.Charging, OrderNo = $"x{round}y{n}" });
            await pile.ReportAsync([.. plugs]);
            for (var n = 0u; n < 5; n++)
                await pile.RaiseAsync((100u * (uint)round) + n + 10, raised => raised.ChargeStarted = new ChargeStarted { OrderNo = $"z{round}y{n}", Plug = 1 });
        }
        // An acknowledgement finds no place among the stops while the pile is slow to take those; the event comes again, as from any pile.
        await Retry.Until("the event was acknowledged", async () =>
        {
            await pile.RaiseAsync(1, raised => raised.ChargeStarted = new ChargeStarted { OrderNo = "last", Plug = 1 });
            return pile.Received.Any(command => command.EventAck?.EventId == 1);
        });
        var rows = await stand.App.Services.GetRequiredService<IStore>().RunAsync(tx => tx.ListAsync(DueRows.Table.ByKey, KeyRange.Prefix("Stop:"), 200));
        Assert.InRange(rows.Count, 1, 99);
        await stand.CheckAsync();
    }
}
