using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Cards;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>
/// Limits how many swipes of a pile are refused in a minute. The reasons tell which numbers are cards, and a pile's secret may be
/// in anybody's hands.
/// </summary>
public sealed class RefusedSwipes(CardsOptions options)
{
    /// <summary>Whether the limit is reached, so that no card of this pile is looked at until the minute is over; then an alarm is raised.</summary>
    public async ValueTask<bool> IsLimitReachedAsync(ITransaction tx, DeviceNo device)
    {
        if ((await CountsAsync(tx, device)).Refused(tx.Now) < options.MaxRefusedSwipes)
            return false;
        await PileAlarms.RaiseAsync(tx, device, AlarmCode.RefusedSwipes, AlarmSeverity.Warning);
        return true;
    }

    /// <summary>Counts a swipe that was refused after a look at the card.</summary>
    public static async ValueTask CountAsync(ITransaction tx, DeviceNo device) =>
        tx.Put(PileCounts.Table, (await CountsAsync(tx, device)).Refuse(tx.Now));

    private static async ValueTask<PileCounts> CountsAsync(ITransaction tx, DeviceNo device) =>
        await tx.GetAsync(PileCounts.Table, device.ToString()) ?? new PileCounts { Device = device };
}
