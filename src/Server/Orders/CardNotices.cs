using Charging.Server.Accounts;
using Charging.Server.Accounts.MiniProgram;
using Charging.Server.Calls;
using Charging.Server.Cards;
using Charging.Server.Storage;
using Charging.Server.Telemetry;

namespace Charging.Server.Orders;

/// <summary>Tells the log, and riders in WeChat, that a card was blocked by the server: at most once, as <see cref="EndNotices"/>.</summary>
public sealed partial class CardNotices(IStore store, IMiniProgram miniProgram, ILogger<CardNotices> logger) : IDueHandler
{
    /// <inheritdoc/>
    public DueKind Kind => DueKind.CardNotice;

    /// <inheritdoc/>
    public async Task RunAsync(DueRow row, CancellationToken cancellationToken)
    {
        if (await store.RunAsync(tx => TakeAsync(tx, row), cancellationToken) is not { } notice)
            return;
        ServerMeter.Limited.Add("limit", "card-travel");
        LogBlocked(notice.DeviceNo);
        try
        {
            if (notice.OpenId.Length > 0)
                await miniProgram.NotifyAsync(notice, cancellationToken);
        }
        catch (ProviderUnavailableException fault)
        {
            AccountLog.NoticeLost(logger, $"a card at {notice.DeviceNo}", fault.Message);
        }
    }

    /// <summary>Removes the row.</summary>
    /// <returns>
    /// What is to be told, without an openid when WeChat does not know the rider; null when the row is not this worker's any more, or
    /// the card is free again.
    /// </returns>
    private static async ValueTask<CardNotice?> TakeAsync(ITransaction tx, DueRow row)
    {
        if (!await tx.HoldsAsync(row))
            return null;
        tx.Done(DueKind.CardNotice, row.Subject);
        if (await tx.GetAsync(CardTables.Cards, row.Subject) is not { FarApart: { } farApart, UserId: { } owner } card)
            return null;
        var user = await tx.GetAsync(AccountTables.Users, AccountTables.Key(owner));
        return new CardNotice(user?.OpenId ?? "", card.Number, farApart.Second.Device.ToString(), farApart.Second.At);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A card was blocked that was swiped at {Device} too soon after a swipe at a distant pile: 'cards list --blocked' shows it.")]
    private partial void LogBlocked(string device);
}
