using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Attack;

/// <summary>A disk that kept the entry and lost the order's last write: what went back could go back again.</summary>
public sealed class TornOrderTests
{
    [Fact]
    public async Task An_order_that_does_not_know_of_its_refund_is_found_by_the_check_of_what_is_new()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync();
        var before = await stand.OrderAsync(orderNo);
        stand.Pile.Faults = new() { Silent = true };
        var failed = await stand.ReserveAsync(3);
        Assert.Equal(4000, (await stand.WhileAsync(stand.ChargeAsync(failed, plug: 3))).Code);
        var torn = await stand.OrderAsync(failed);
        stand.Pile.Faults = new();
        await stand.PassUntilAsync(failed, OrderState.Refunded);
        Assert.Equal((101, 0), (torn.HoldFen, torn.Refunds));
        await MoneyHistory.SpoilAsync(stand, OrderTables.Orders, failed, _ => torn);

        var findings = await new LedgerTail(LedgerMark.None).CheckAsync(
            stand.App.Services.GetRequiredService<IStore>(), () => Task.CompletedTask);

        Assert.Contains(findings, finding => finding.Sentence.Contains($"order:{failed}: the hold is 101 fen and must be 0"));
        Assert.DoesNotContain(findings, finding => finding.Sentence.Contains(before.No.ToString()));
    }
}
