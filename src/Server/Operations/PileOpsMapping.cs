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
    private const int MaxName = 64;

    /// <summary>The fields of a registration, or INVALID_ARGUMENT.</summary>
    public static NewPile Read(this RegisterPileRequest request) => new(
        request.DeviceNo.ToDeviceNo(),
        (request.HasPlugCount ? request.PlugCount : DefaultPlugCount).ToPlugCount(),
        request.PlugNumbers.ToDomain() ?? Piles.PlugNumbers.Decimal,
        request.Name.ToPileName(),
        request.StationId.ToStation(),
        request.HasRatedPowerW ? request.RatedPowerW.ToRatedPower() : null);

    /// <summary>The fields that change, or INVALID_ARGUMENT.</summary>
    public static Func<Piles.Pile, Piles.Pile> Read(this UpdatePileRequest request)
    {
        var plugCount = request.HasPlugCount ? request.PlugCount.ToPlugCount() : (int?)null;
        var plugNumbers = request.PlugNumbers.ToDomain();
        var name = request.HasName ? request.Name.ToPileName() : null;
        var station = request.HasStationId ? request.StationId.ToStation() : null;
        var ratedPowerW = request.HasRatedPowerW ? request.RatedPowerW.ToRatedPower() : (int?)null;
        return pile => pile with
        {
            PlugCount = plugCount ?? pile.PlugCount,
            PlugNumbers = plugNumbers ?? pile.PlugNumbers,
            Name = name ?? pile.Name,
            Station = request.HasStationId ? station : pile.Station,
            RatedPowerW = ratedPowerW ?? pile.RatedPowerW,
        };
    }

    /// <summary>A station that may be none, or INVALID_ARGUMENT.</summary>
    public static string? ToStation(this string id) => id.Length == 0 ? null : id.ToStationId();

    /// <summary>What an operator has changed, in a sentence.</summary>
    public static string DifferencesTo(this Piles.Pile before, Piles.Pile after)
    {
        (string Field, object? Before, object? After)[] fields =
        [
            ("plugs", before.PlugCount, after.PlugCount), ("plug numbers", before.PlugNumbers, after.PlugNumbers),
            ("name", before.Name, after.Name), ("station", before.Station, after.Station),
            ("rated power", before.RatedPowerW, after.RatedPowerW),
        ];
        return StationOpsMapping.Sentence(fields);
    }

    /// <summary>What a change is about.</summary>
    public static string Subject(DeviceNo device) => $"pile:{device}";

    /// <summary>Insists that a pile is registered.</summary>
    public static T OrUnregistered<T>(this T? found, DeviceNo device)
        where T : class => found.OrNotFound($"Pile {device} is not registered: 'piles list' shows those that are, 'piles add' registers one.");

    /// <summary>Insists that a pile was not registered before.</summary>
    public static string OrExists(this string? secret, DeviceNo device) =>
        secret ?? throw Refusal.Of(StatusCode.AlreadyExists, $"Pile {device} is registered and nothing was changed: 'piles rotate-secret' gives it a new secret.", Reasons.AlreadyExists);

    /// <summary>A pile without its plugs.</summary>
    public static Ops.V1.Pile ToWire(this Piles.Pile pile, PileState state, PileView? view) => new()
    {
        DeviceNo = pile.Device.ToString(),
        PlugCount = pile.PlugCount,
        PlugNumbers = pile.PlugNumbers == Piles.PlugNumbers.Hex ? Ops.V1.PlugNumbers.Hex : Ops.V1.PlugNumbers.Decimal,
        RegisteredAt = pile.RegisteredAt.ToTimestamp(),
        Name = pile.Name,
        StationId = pile.Station ?? "",
        RetiredAt = pile.RetiredAt?.ToTimestamp(),
        RatedPowerW = pile.RatedPowerW ?? Piles.Pile.DefaultRatedPowerW,
        Online = state.Online,
        HeardAt = view?.HeardAt.ToTimestamp(),
        Firmware = view?.Status?.Firmware ?? "",
        PlugsFree = state.Plugs.Count(plug => plug == PlugView.Free),
        PlugsBusy = state.Plugs.Count(plug => plug == PlugView.Busy),
        PlugsFault = state.Plugs.Count(plug => plug == PlugView.Fault),
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

    private static string ToPileName(this string text) => text.Length == 0 ? text : text.ToName("name", MaxName);

    private static int ToPlugCount(this int plugCount) =>
        plugCount is >= 1 and <= Piles.Pile.MaxPlugs ? plugCount : throw Refusal.Invalid($"plug_count is {plugCount}: give 1 to {Piles.Pile.MaxPlugs}.");

    private static int ToRatedPower(this int watts) =>
        watts is >= 1 and <= Piles.Pile.MaxRatedPowerW ? watts : throw Refusal.Invalid($"rated_power_w is {watts}: give 1 to {Piles.Pile.MaxRatedPowerW} watts.");

    private static Piles.PlugNumbers? ToDomain(this Ops.V1.PlugNumbers numbers) => numbers switch
    {
        Ops.V1.PlugNumbers.Unspecified => null,
        Ops.V1.PlugNumbers.Decimal => Piles.PlugNumbers.Decimal,
        Ops.V1.PlugNumbers.Hex => Piles.PlugNumbers.Hex,
        _ => throw Refusal.Invalid($"plug_numbers is {(int)numbers}: give PLUG_NUMBERS_DECIMAL or PLUG_NUMBERS_HEX."),
    };

    private static int Clamp(uint? value) => (int)Math.Min(value ?? 0, int.MaxValue);
}
