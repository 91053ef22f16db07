using Charging.Device.V1;

namespace Charging.PileSimulator;

/// <summary>Relays and meters: starts charges, ends them at their limits, and reports the ends.</summary>
internal sealed class ChargeControl(PileBoard board, EventJournal journal)
{
    /// <summary>Closes the relay; the caller reports it.</summary>
    public void Close(PilePlug plug, StartCharge start)
    {
        var charge = new Charge(start, board.Agenda.Now, board.Options);
        plug.Running = charge;
        plug.Finished = null;
        var memory = board.Memory;
        memory.Running[plug.Number] = charge;
        memory.StartsObeyed[charge.OrderNo] = memory.StartsObeyed.GetValueOrDefault(charge.OrderNo) + 1;
        board.Totals = board.Totals with { ChargesStarted = board.Totals.ChargesStarted + 1 };
        board.Agenda.In(charge.TimeToLimit, () => EndAtLimit(plug, charge));
    }

    public void ReportStart(PilePlug plug) => journal.Raise(new PileEvent
    {
        ChargeStarted = new ChargeStarted { OrderNo = plug.Running!.OrderNo, Plug = plug.Number },
    });

    /// <summary>Ends what runs on the plug and reports it; nothing happens when nothing runs.</summary>
    public void End(PilePlug plug, EndReason reason)
    {
        if (Open(plug) is not { } charge) return;
        ReportEnd(plug, charge, reason);
        board.SendStatus();
    }

    /// <summary>Opens the relay; the caller reports the charge that is returned.</summary>
    public Charge? Open(PilePlug plug)
    {
        if (plug.Running is not { } charge) return null;
        charge.Stop(board.Agenda.Now);
        plug.Running = null;
        plug.Finished = plug.VehicleConnected ? charge : null;
        return charge;
    }

    public void ReportEnd(PilePlug plug, Charge charge, EndReason reason)
    {
        board.Memory.Running.Remove(plug.Number);
        board.Totals = board.Totals with { ChargesEnded = board.Totals.ChargesEnded + 1 };
        if (!board.Faults.ForgetOrders) journal.Raise(new PileEvent { ChargeEnded = Ended(plug, charge, reason) });
        ExpectNextVehicle(plug);
    }

    /// <summary>The relays fall open; the charges stay in the memory for the next boot to report.</summary>
    public void PowerOff()
    {
        foreach (var plug in board.Plugs) Open(plug);
    }

    public void Boot()
    {
        foreach (var (number, charge) in board.Memory.Running.ToList())
        {
            if (board.Plug(number) is not { } plug) continue;
            charge.Stop(board.Agenda.Now);
            plug.Finished = plug.VehicleConnected ? charge : null;
            ReportEnd(plug, charge, EndReason.PowerLoss);
        }
        foreach (var plug in board.Plugs.Where(plug => plug.Finished is not null)) ExpectNextVehicle(plug);
    }

    private void EndAtLimit(PilePlug plug, Charge charge)
    {
        if (plug.Running != charge) return;
        charge.StopAtLimit();
        End(plug, charge.LimitReason);
    }

    private void ExpectNextVehicle(PilePlug plug)
    {
        if (board.Options.NextVehicleAfter is not { } pause) return;
        var left = plug.Finished;
        board.Agenda.In(pause, () =>
        {
            // Somebody may have been faster.
            if (plug.Running is not null || plug.Finished != left || (left is null && plug.VehicleConnected)) return;
            plug.VehicleConnected = true;
            plug.Finished = null;
            board.SendStatus();
        });
    }

    private ChargeEnded Ended(PilePlug plug, Charge charge, EndReason reason) => new()
    {
        OrderNo = charge.OrderNo,
        Plug = plug.Number,
        Seconds = charge.Seconds(board.Agenda.Now),
        EnergyWh = charge.EnergyWh(board.Agenda.Now),
        MaxPowerW = charge.PowerW,
        Reason = reason,
    };
}
