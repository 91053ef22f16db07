using Charging.Device.V1;
using Charging.Server.Piles;

namespace Charging.Server.Orders;

/// <summary>How far a charge has come, as its pile says it.</summary>
/// <param name="Seconds">How long it has charged, in seconds.</param>
/// <param name="EnergyWh">Energy delivered, in watt-hours.</param>
/// <param name="PowerW">Power now, or the highest of the charge, in watts; null when it does not charge.</param>
public readonly record struct Reading(uint Seconds, uint EnergyWh, uint? PowerW)
{
    /// <summary>What a status says.</summary>
    public static Reading Of(PlugStatus plug) => new(plug.ElapsedSeconds, plug.EnergyWh, plug.State == PlugState.Charging ? plug.PowerW : null);

    /// <summary>What an end record says.</summary>
    public static Reading Of(ChargeEnded record) => new(record.Seconds, record.EnergyWh, record.MaxPowerW);
}

/// <summary>What can be believed of a reading; null where it cannot be.</summary>
/// <param name="Seconds">How long it has charged, in seconds.</param>
/// <param name="EnergyWh">Energy delivered, in watt-hours.</param>
/// <param name="PowerW">Power, in watts; also null when the reading has none.</param>
/// <param name="IsWhole">Whether all of the reading is possible.</param>
public readonly record struct PlausibleReading(int? Seconds, int? EnergyWh, int? PowerW, bool IsWhole);

/// <summary>
/// What can have happened in a charge, by what the server knows itself: when it was paid, and what its plug can give. What a
/// pile says beyond that is kept beside the order and does not count for the price (docs/device-protocol.md, section 6).
/// </summary>
public static class Plausibility
{
    /// <summary>What meters and clocks may be off by.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(1);

    // The pile's clock runs fast, and what it measures is a charge all the same: by the server's clock.
    private const int FastClockPercent = 5;

    private static readonly long ToleranceSeconds = (long)Tolerance.TotalSeconds;

    /// <summary>Whether something of a charge can have happened at a time: not before it was paid.</summary>
    public static bool IsPossible(Order order, DateTimeOffset at) => at >= order.PaidAt - Tolerance;

    /// <summary>What can be believed of a reading.</summary>
    /// <param name="order">The order.</param>
    /// <param name="reading">What the pile says.</param>
    /// <param name="at">When the reading was taken.</param>
    public static PlausibleReading Judge(Order order, Reading reading, DateTimeOffset at)
    {
        // A start that is answered late may have been obeyed at once, so the time counts from the payment.
        var passed = Math.Max(0, (long)(at - (order.PaidAt ?? at)).TotalSeconds);
        var isTimePossible = reading.Seconds <= passed + ToleranceSeconds;
        long? seconds = isTimePossible ? reading.Seconds : reading.Seconds <= passed + (passed * FastClockPercent / 100) ? passed : null;

        long ratedW = order.RatedPowerW ?? Pile.DefaultRatedPowerW;
        var isEnergyPossible = reading.EnergyWh <= ratedW * ((seconds ?? passed) + ToleranceSeconds) / 3600;
        var isPowerPossible = reading.PowerW is null || reading.PowerW <= ratedW;
        return new PlausibleReading(
            (int?)seconds,
            isEnergyPossible ? (int)reading.EnergyWh : null,
            isPowerPossible ? (int?)reading.PowerW : null,
            isTimePossible && isEnergyPossible && isPowerPossible);
    }
}
