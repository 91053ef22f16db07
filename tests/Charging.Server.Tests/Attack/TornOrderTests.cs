using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Attack;

/// <summary>A disk that kept the entries and lost the order's last write: what went back would be held once more.</summary>
public sealed class TornOrderTests
{
    [Fact]
    public async Task An_order_that_does_not_know_of_its_refund_is_found_by_the_check_of_what_is_new()
    {
        await using var stand = await Stand.OpenAsync();
        var history = await MoneyHistory.LiveAsync(stand);
        await MoneyHistory.SpoilAsync(stand, OrderTables.Orders, history.Refunded, order => order with
        {
            State = OrderState.StartFailed,
            HoldFen = order.PaidFen,
            RefundedFen = 0,
            OwedFen = 0,
            Refunds = 0,
        });

        var findings = await new LedgerTail(LedgerMark.None).CheckAsync(
            stand.App.Services.GetRequiredService<IStore>(), () => Task.CompletedTask);

        Assert.Contains(findings, finding => finding.Sentence.Contains($"order:{history.Refunded}: the hold is 101 fen and must be 0"));
    }
}
