using Charging.Miniprogram.V1;
using Charging.MqttBroker;
using Charging.Server.Calls;

namespace Charging.Server.Piles;

/// <summary>Piles on the wire of the mini-program.</summary>
public static class PileMapping
{
    /// <summary>A device number, or 403.</summary>
    public static Result<DeviceNo> ToDeviceNo(this GetPileStatusRequest request) =>
        DeviceNo.TryParse(request.Body?.DeviceNo, out var device) ? device : ResultCode.InvalidArgument;

    /// <summary>The state of a pile.</summary>
    public static Miniprogram.V1.Pile ToWire(this PileState state)
    {
        var pile = new Miniprogram.V1.Pile { DeviceNo = state.Device.ToString(), Status = state.Online ? 1 : 0 };
        foreach (var plug in state.Plugs)
            pile.Plugs.Add((int)plug);
        return pile;
    }
}
