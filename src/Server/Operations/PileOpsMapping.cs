using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>Piles on the wire of the operators.</summary>
internal static class PileOpsMapping
{
    private const int DefaultPlugCount = 10;

    /// <summary>The fields of a registration, or INVALID_ARGUMENT.</summary>
    public static (DeviceNo Device, int PlugCount, Piles.PlugNumbers PlugNumbers) Read(this RegisterPileRequest request)
    {
        var plugCount = request.HasPlugCount ? request.PlugCount : DefaultPlugCount;
        if (plugCount is < 1 or > Piles.Pile.MaxPlugs)
            throw Refusal.Invalid($"plug_count is {plugCount}: give 1 to {Piles.Pile.MaxPlugs}.");
        var plugNumbers = request.PlugNumbers switch
        {
            Ops.V1.PlugNumbers.Unspecified or Ops.V1.PlugNumbers.Decimal => Piles.PlugNumbers.Decimal,
            Ops.V1.PlugNumbers.Hex => Piles.PlugNumbers.Hex,
            _ => throw Refusal.Invalid($"plug_numbers is {(int)request.PlugNumbers}: give PLUG_NUMBERS_DECIMAL or PLUG_NUMBERS_HEX."),
        };
        return (request.DeviceNo.ToDeviceNo(), plugCount, plugNumbers);
    }

    /// <summary>Insists that a pile is registered.</summary>
    public static T OrUnregistered<T>(this T? found, DeviceNo device)
        where T : class => found.OrNotFound($"Pile {device} is not registered: 'piles list' shows those that are, 'piles add' registers one.");

    /// <summary>Insists that a pile was not registered before.</summary>
    public static string OrExists(this string? secret, DeviceNo device) =>
        secret ?? throw Refusal.Of(StatusCode.AlreadyExists, $"Pile {device} is registered and nothing was changed: 'piles rotate-secret' gives it a new secret.");

    /// <summary>A pile without its plugs.</summary>
    public static Ops.V1.Pile ToWire(this Piles.Pile pile, PileState state, PileView? view) => new()
    {
        DeviceNo = pile.Device.ToString(),
        PlugCount = pile.PlugCount,
        PlugNumbers = pile.PlugNumbers == Piles.PlugNumbers.Hex ? Ops.V1.PlugNumbers.Hex : Ops.V1.PlugNumbers.Decimal,
        RegisteredAt = pile.RegisteredAt.ToTimestamp(),
        Online = state.Online,
        HeardAt = view?.HeardAt.ToTimestamp(),
        Firmware = view?.Status?.Firmware ?? "",
        PlugsFree = state.Plugs.Count(plug => plug == PlugView.Free),
        PlugsBusy = state.Plugs.Count(plug => plug == PlugView.Busy),
        PlugsFault = state.Plugs.Count(plug => plug == PlugView.Fault),
        Tariff = pile.Tariff ?? Tariffs.Default,
    };

    /// <summary>A plug.</summary>
    /// <param name="pile">Its pile.</param>
    /// <param name="number">Its number.</param>
    /// <param name="seen">What riders are told.</param>
    /// <param name="reported">What the pile says; null when it says nothing or is offline.</param>
    /// <param name="orderNo">The order that has it.</param>
    public static Plug ToWire(this Piles.Pile pile, int number, PlugView seen, PlugStatus? reported, OrderNo? orderNo) => new()
    {
        Number = number,
        Label = pile.WritePlug(number),
        State = seen switch
        {
            PlugView.Free => Ops.V1.PlugState.Free,
            PlugView.Busy => Ops.V1.PlugState.Busy,
            _ => Ops.V1.PlugState.Fault,
        },
        OrderNo = orderNo?.ToString() ?? reported?.OrderNo ?? "",
        PowerW = Clamp(reported?.PowerW),
        EnergyWh = Clamp(reported?.EnergyWh),
        ElapsedSeconds = Clamp(reported?.ElapsedSeconds),
        Fault = reported?.Fault ?? "",
    };

    private static int Clamp(uint? value) => (int)Math.Min(value ?? 0, int.MaxValue);
}
