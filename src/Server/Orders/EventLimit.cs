using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Calls;
using Charging.Server.Piles;

namespace Charging.Server.Orders;

/// <summary>
/// Limits how many events of one pile are acted on in a day: each leaves a row for <see cref="EventCleanup.Memory"/>. The start
/// and the end of a charge that is open here are always taken, for there are only as many as charges were paid.
/// </summary>
public sealed class EventLimit(PileOptions options, RateLimits limits, BusyPlugIndex busyPlugs)
{
    private readonly RateLimit<DeviceNo> _events = limits.Create<DeviceNo>("pile-events", options.MaxEventsPerDay, TimeSpan.FromDays(1), warnsNear: true);

    /// <summary>Counts an event; false when it is to be left to its resend.</summary>
    public bool TryTake(DeviceNo device, PileEvent pileEvent) => IsOfOpenCharge(device, pileEvent) || _events.TryTake(device, $"pile {device}");

    private bool IsOfOpenCharge(DeviceNo device, PileEvent pileEvent) => pileEvent.KindCase switch
    {
        PileEvent.KindOneofCase.ChargeStarted => IsOpen(device, pileEvent.ChargeStarted.Plug, pileEvent.ChargeStarted.OrderNo),
        PileEvent.KindOneofCase.ChargeEnded => IsOpen(device, pileEvent.ChargeEnded.Plug, pileEvent.ChargeEnded.OrderNo),
        _ => false,
    };

    private bool IsOpen(DeviceNo device, uint plug, string orderNo) =>
        plug is >= 1 and <= Pile.MaxPlugs && busyPlugs.Find(new PlugId(device, (int)plug))?.OrderNo.ToString() == orderNo;
}
