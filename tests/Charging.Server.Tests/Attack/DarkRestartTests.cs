using Charging.Server.Orders;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Attack;

/// <summary>A server that comes back and has not heard the piles yet knows nothing about their charges.</summary>
public sealed class DarkRestartTests
{
    [Fact]
    public async Task A_charge_is_not_lost_because_the_server_has_just_started()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync();
        stand.Pile.CutLink();
        await stand.App.Services.GetRequiredService<IStore>().RunAsync(tx =>
        {
            tx.Put(DueRows.Table, new DueRow { Kind = DueKind.Lost, Subject = orderNo, DueAt = tx.Now + TimeSpan.FromSeconds(1) });
            return ValueTask.FromResult(true);
        });
        await stand.App.RestartAsync();
        stand.Clock.Advance(TimeSpan.FromSeconds(2));
        await Retry.Until("the row was looked at", async () => await DueAsync(stand, orderNo) is not { Leases: 0 });
        stand.Pile.RestoreLink();
        await stand.App.WaitUntilOnlineAsync(stand.Pile);
        await Retry.Until("the pile's word counts", async () => await DueAsync(stand, orderNo) is null);

        var order = await stand.OrderAsync(orderNo);
        Assert.Equal((OrderState.Charging, null), (order.State, order.Trouble));
        await stand.CheckAsync(knowsBooks: false);
    }

    private static Task<DueRow?> DueAsync(Stand stand, string orderNo) => stand.App.Services.GetRequiredService<IStore>()
        .RunAsync(tx => tx.GetAsync(DueRows.Table, DueRow.KeyOf(DueKind.Lost, orderNo)));
}
