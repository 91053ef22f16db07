using Charging.Device.V1;

namespace Charging.PileSimulator;

/// <summary>One charge and its meter: constant power from the closing of the relay.</summary>
internal sealed class Charge
{
    /// <summary>How long a pile tolerates more power than the order allows, in seconds.</summary>
    private const uint OverloadSeconds = 5;

    private readonly TimeSpan _startedAt;
    private readonly double _speed;
    private uint? _finalSeconds;

    public Charge(StartCharge start, TimeSpan now, SimulatedPileOptions options)
    {
        (OrderNo, PowerW, _startedAt, _speed) = (start.OrderNo, options.PowerW, now, options.Speed);
        LimitSeconds = start.MaxSeconds;
        LimitReason = EndReason.LimitReached;
        if (start.MaxEnergyWh > 0 && PowerW > 0)
            LimitSeconds = Math.Min(LimitSeconds, (uint)Math.Min(uint.MaxValue, ((start.MaxEnergyWh * 3600L) + PowerW - 1) / PowerW));
        if (start.MaxPowerW > 0 && PowerW > start.MaxPowerW && LimitSeconds > OverloadSeconds)
            (LimitSeconds, LimitReason) = (OverloadSeconds, EndReason.Overload);
    }

    public string OrderNo { get; }

    public uint PowerW { get; }

    /// <summary>When the pile ends the charge alone, in seconds, at a speed of 1.</summary>
    public uint LimitSeconds { get; }

    public EndReason LimitReason { get; }

    /// <summary>Time on the pile's clock until the limit.</summary>
    public TimeSpan TimeToLimit => TimeSpan.FromSeconds(LimitSeconds / _speed);

    public uint Seconds(TimeSpan now) =>
        _finalSeconds ?? (uint)Math.Min(LimitSeconds, Math.Floor((now - _startedAt).TotalSeconds));

    public uint EnergyWh(TimeSpan now) => (uint)((ulong)Seconds(now) * PowerW / 3600);

    /// <summary>Stops the meter; a second call changes nothing.</summary>
    public void Stop(TimeSpan now) => _finalSeconds ??= Seconds(now);

    public void StopAtLimit() => _finalSeconds ??= (uint)(LimitSeconds / _speed);
}
