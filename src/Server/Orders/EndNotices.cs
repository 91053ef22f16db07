using Charging.Server.Accounts;
using Charging.Server.Accounts.MiniProgram;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>
/// Tells riders in WeChat that their charge is over: at most once. The row goes before the message does, so a message whose fate is not
/// known is not sent again.
/// </summary>
public sealed class EndNotices(IStore store, IMiniProgram miniProgram, ILogger<EndNotices> logger) : IDueHandler
{
    /// <inheritdoc/>
    public DueKind Kind => DueKind.Notice;

    /// <inheritdoc/>
    public async Task RunAsync(DueRow row, CancellationToken cancellationToken)
    {
        var notice = await store.RunAsync(tx => TakeAsync(tx, row), cancellationToken);
        if (notice is null || !miniProgram.Notifies)
            return;
        try
        {
            await miniProgram.NotifyAsync(notice, cancellationToken);
        }
        catch (ProviderUnavailableException fault)
        {
            AccountLog.NoticeLost(logger, notice.OrderNo, fault.Message);
        }
    }

    /// <summary>Removes the row.</summary>
    /// <returns>What is to be told; null when the row is not this worker's any more, or WeChat does not know the rider.</returns>
    private static async ValueTask<EndNotice?> TakeAsync(ITransaction tx, DueRow row)
    {
        if (!await tx.HoldsAsync(row))
            return null;
        tx.Done(DueKind.Notice, row.Subject);
        if (await tx.GetAsync(OrderTables.Orders, row.Subject) is not { } order
            || await tx.GetAsync(AccountTables.Users, AccountTables.Key(order.UserId)) is not { OpenId: { } openId })
            return null;
        return new EndNotice(
            openId, order.No.ToString(), order.Plug.Device.ToString(), order.PlugText, order.EndedAt ?? tx.Now,
            order.Seconds, order.EnergyWh, order.UsedFen, order.PaidFen - order.UsedFen);
    }
}
