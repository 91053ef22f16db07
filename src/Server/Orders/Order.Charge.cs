using Charging.Device.V1;

namespace Charging.Server.Orders;

/// <summary>What the pile says of the charge, and what it comes to by that.</summary>
public sealed partial record Order
{
    // A pile that was out of reach for longer is not trusted with the rider's money.
    private static readonly TimeSpan MaxRecordDelay = TimeSpan.FromDays(1);

    // Two samples that are closer may be one reading of the meter.
    private const int SecondsBetweenSamples = 30;

    /// <summary>What it has used of its payment, by what is known of the charge now.</summary>
    public Usage Usage() => Tariff.Used(PaidFen, Seconds, EnergyWh, MaxPowerW);

    /// <summary>How far the charge has come, by the pile, as far as that can be.</summary>
    /// <param name="reading">What the pile says.</param>
    /// <param name="at">When it says so.</param>
    public Order Progress(Reading reading, DateTimeOffset at)
    {
        var plausible = Plausibility.Judge(this, reading, at);
        var seconds = Math.Max(Seconds, plausible.Seconds ?? 0);
        return Sample(plausible.PowerW, seconds - Seconds) with
        {
            Seconds = seconds,
            EnergyWh = Math.Max(EnergyWh, plausible.EnergyWh ?? 0),
            Reported = plausible.IsWhole ? Reported : Reported ?? reading,
        };
    }

    /// <summary>What it would have used of its payment by what the pile said and did not count; null when there is nothing of that.</summary>
    public Usage? ReportedUsage() => Reported is { } said
        ? Tariff.Used(PaidFen, (int)Math.Min(said.Seconds, int.MaxValue), (int)Math.Min(said.EnergyWh, int.MaxValue), MaxPowerW > 0 ? MaxPowerW : (int)Math.Min(said.PowerW ?? 0, int.MaxValue))
        : null;

    /// <summary>The charge is over, by the pile's end record. What of that cannot be does not count: there, the last progress does.</summary>
    /// <param name="record">The record.</param>
    /// <param name="at">When the charge ended, by the pile.</param>
    /// <param name="now">When the server learns of it.</param>
    public Order End(ChargeEnded record, DateTimeOffset at, DateTimeOffset now) =>
        Move(OrderState.Ended).Record(record, at, now) with { StartCommand = StartCommand.Done };

    /// <summary>Whether an end record may still come that tells more than is known: the charge was lost, or the start was not answered.</summary>
    public bool MayBeRecordedLate() =>
        LateRecordAt is null && (LostAt is not null || (State is OrderState.Refunding or OrderState.Refunded && StartCommand == StartCommand.Failed));

    /// <summary>
    /// The end record has come after the charge was taken for lost, or after the whole payment went back. It is kept. A lost charge
    /// whose pile was out of reach for no longer than a day, without a reboot, is settled by it: what it has used beyond what was
    /// earned, the rider owes.
    /// </summary>
    /// <param name="record">The record.</param>
    /// <param name="bootId">The boot of the pile in which it was made; null when it is not to settle anything.</param>
    /// <param name="at">When the charge ended, by the pile.</param>
    /// <param name="now">When the server learns of it.</param>
    public Order RecordLate(ChargeEnded record, string? bootId, DateTimeOffset at, DateTimeOffset now)
    {
        var recorded = Record(record, at, now) with { LateRecordAt = now };
        var kept = this with { LateRecordAt = now, Reported = Reading.Of(record), Trouble = recorded.Trouble };
        if (recorded.Trouble == ImpossibleRecord)
            return kept;
        var debtFen = recorded.Usage().Fen - UsedFen;
        if (LostAt is null)
            return debtFen > 0 ? kept with { Trouble = LostCharged } : kept;
        // What an operator has given back meanwhile was meant to be the end of it.
        var settles = bootId is not null && BootId == bootId && now - LostAt <= MaxRecordDelay && WaivedFen == 0 && debtFen >= 0;
        return settles
            ? recorded with { Trouble = LostCharged, Debt = debtFen > 0 ? new Debt(debtFen) : null }
            : kept with { Trouble = LostCharged };
    }

    /// <summary>A part of the debt was taken from the rider's balance, or all.</summary>
    public Order Collect(long fen) => Debt is { } debt && fen > 0 && fen <= debt.LeftFen
        ? this with { Debt = debt with { CollectedFen = debt.CollectedFen + fen, Collections = debt.Collections + 1 } }
        : throw new InvalidOperationException($"The rider of order {No} owes {Debt?.LeftFen ?? 0} fen for it.");

    /// <summary>An operator does not want what is left of the debt.</summary>
    public Order Forgive() => this with { Debt = Debt is { CollectedFen: > 0 } debt ? debt with { Fen = debt.CollectedFen } : null };

    private Order Record(ChargeEnded record, DateTimeOffset at, DateTimeOffset now)
    {
        var isTimePossible = Plausibility.IsPossible(this, at);
        var endedAt = isTimePossible ? at : now;
        var reading = Reading.Of(record);
        var plausible = Plausibility.Judge(this, reading, endedAt);
        var isPossible = isTimePossible && plausible.IsWhole;
        return this with
        {
            EndedAt = NotBeforeStart(endedAt),
            StartedAt = StartedAt ?? NotBeforeStart(endedAt - TimeSpan.FromSeconds(plausible.Seconds ?? 0)),
            Seconds = plausible.Seconds ?? Seconds,
            EnergyWh = plausible.EnergyWh ?? EnergyWh,
            MaxPowerW = MaxPowerW > 0 ? MaxPowerW : Math.Min(PowerW ?? int.MaxValue, plausible.PowerW ?? 0),
            EndReason = record.Reason,
            Reported = isPossible ? Reported : reading,
            Trouble = isPossible ? Trouble : ImpossibleRecord,
        };
    }

    // A power counts once two samples in a row have reached it: one glitch of a meter sets no price.
    private Order Sample(int? powerW, int secondsSince) => powerW is not { } power || secondsSince < SecondsBetweenSamples
        ? this
        : this with { PowerW = power, MaxPowerW = PowerW is { } last ? Math.Max(MaxPowerW, Math.Min(last, power)) : MaxPowerW };

    // How long ago something was is the pile's word, and nothing charges before it is paid.
    private DateTimeOffset NotBeforeStart(DateTimeOffset at) => at < (StartedAt ?? PaidAt) ? (StartedAt ?? PaidAt)!.Value : at;
}
