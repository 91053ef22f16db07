using Charging.Device.V1;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Piles;

/// <summary>An operator sees that a pile floods.</summary>
public sealed class FloodTests
{
    [Fact]
    public async Task A_pile_that_sends_faster_than_it_may_is_named_in_the_log()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        // The clock stands still: the first few hundred are taken at once, and the next one waits.
        var sent = Enumerable.Range(0, 300).Select(_ => pile.SendAsync(new PileTelemetry())).ToList();
        await NamedAsync(stand, "pile-packets", pile);
        Assert.Contains(sent, message => !message.IsCompleted);
    }

    [Fact]
    public async Task A_pile_whose_statuses_say_something_new_all_the_time_is_named_in_the_log()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App, plugs: 99);
        for (var round = 0; round < 3; round++)
            await pile.ReportAsync([.. Enumerable.Range(1, 99).Select(plug => new PlugStatus { Plug = (uint)plug, State = PlugState.Charging, OrderNo = $"x{round}y{plug}" })]);
        await NamedAsync(stand, "pile-status-checks", pile);
    }

    private static Task NamedAsync(Stand stand, string limit, RawPile pile) => Retry.Until("it is named", () =>
        stand.App.Log.Records.Select(record => record.ToString()).Any(line => line.Contains($"The limit {limit}", StringComparison.Ordinal) && line.Contains($"last by {pile.Device}", StringComparison.Ordinal)));
}
