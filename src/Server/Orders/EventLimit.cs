using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Calls;
using Charging.Server.Piles;

namespace Charging.Server.Orders;

/// <summary>
/// Limits how many events of one pile are acted on in a day: each leaves a row for <see cref="EventCleanup.Memory"/>. Some starts and
/// ends of each charge that is open here are taken beside them, so that a pile with many other events still settles its charges.
/// </summary>
public sealed class EventLimit(PileOptions options, RateLimits limits, BusyPlugIndex busyPlugs)
{
    // A start and an end, with what a slow server has sent again.
    private const int MaxPerCharge = 50;

    private readonly RateLimit<DeviceNo> _events = limits.Create<DeviceNo>("pile-events", options.MaxEventsPerDay, TimeSpan.FromDays(1), warnsNear: true);

    private readonly RateLimit<string> _ofCharges = limits.Create<string>("charge-events", MaxPerCharge, TimeSpan.FromDays(1));

    /// <summary>Counts an event; false when it is to be left to its resend.</summary>
    public bool TryTake(DeviceNo device, PileEvent pileEvent) =>
        (OpenCharge(device, pileEvent) is { } orderNo && _ofCharges.TryTake(orderNo, $"order {orderNo} of pile {device}")) || _events.TryTake(device, $"pile {device}");

    private string? OpenCharge(DeviceNo device, PileEvent pileEvent) => pileEvent.KindCase switch
    {
        PileEvent.KindOneofCase.ChargeStarted => IfOpen(device, pileEvent.ChargeStarted.Plug, pileEvent.ChargeStarted.OrderNo),
        PileEvent.KindOneofCase.ChargeEnded => IfOpen(device, pileEvent.ChargeEnded.Plug, pileEvent.ChargeEnded.OrderNo),
        _ => null,
    };

    private string? IfOpen(DeviceNo device, uint plug, string orderNo) =>
        plug is >= 1 and <= Pile.MaxPlugs && busyPlugs.Find(new PlugId(device, (int)plug))?.OrderNo.ToString() == orderNo ? orderNo : null;
}
