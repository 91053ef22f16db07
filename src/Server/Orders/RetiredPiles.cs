using Charging.MqttBroker;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>Takes a pile out of service: its charges are ended first, for it must hear that it is to stop.</summary>
public sealed class RetiredPiles(IStore store, Board board, IPileLink link) : IDueHandler
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    // Ten minutes: a pile that has not stopped by then never will.
    private const int MostLooks = 120;

    /// <inheritdoc/>
    public DueKind Kind => DueKind.Retire;

    /// <inheritdoc/>
    public bool IsAble => !board.IsCutOff;

    /// <summary>Retires a pile: nobody can reserve at it any more, and it is cut off when its charges have ended.</summary>
    /// <returns>The pile as it is now, and how many orders it still has; null for a pile that was retired before.</returns>
    public static async ValueTask<(Pile Pile, int Orders)?> RetireAsync(ITransaction tx, Pile pile)
    {
        if (pile.RetiredAt is not null)
            return null;
        pile = pile with { RetiredAt = tx.Now };
        tx.Put(PileTables.Piles, pile);
        tx.Put(DueRows.Table, new DueRow { Kind = DueKind.Retire, Subject = pile.Device.ToString(), DueAt = tx.Now });
        return (pile, await EndAllAsync(tx, pile.Device, byForce: false));
    }

    /// <inheritdoc/>
    public async Task RunAsync(DueRow row, CancellationToken cancellationToken)
    {
        if (await store.RunAsync(tx => LookAsync(tx, row), cancellationToken))
            await link.DisconnectAsync(DeviceNo.Parse(row.Subject), cancellationToken);
    }

    /// <returns>Whether the pile is to be cut off.</returns>
    private static async ValueTask<bool> LookAsync(ITransaction tx, DueRow row)
    {
        if (!await tx.HoldsAsync(row))
            return false;
        if (await EndAllAsync(tx, DeviceNo.Parse(row.Subject), byForce: row.Tries >= MostLooks) > 0)
        {
            tx.Put(DueRows.Table, row.Again(tx.Now + Pause) with { Tries = row.Tries + 1 });
            return false;
        }
        tx.Done(DueKind.Retire, row.Subject);
        return true;
    }

    /// <returns>How many orders still have a plug.</returns>
    private static async ValueTask<int> EndAllAsync(ITransaction tx, DeviceNo device, bool byForce)
    {
        var left = 0;
        foreach (var busy in await tx.ListAsync(OrderTables.BusyPlugs.ByKey, KeyRange.Prefix($"{device}-"), Pile.MaxPlugs))
        {
            if (await tx.GetAsync(OrderTables.Orders, busy.OrderNo.ToString()) is not { } order)
                continue;
            if (byForce || order.State is OrderState.Reserved or OrderState.Paid)
            {
                await ForcedEnds.EndAsync(tx, order);
                continue;
            }
            await Stops.RequestAsync(tx, order.No.ToString(), order.Plug);
            left++;
        }
        return left;
    }
}
