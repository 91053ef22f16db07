using Charging.Device.V1;

namespace Charging.PileSimulator;

/// <summary>Obeys, answers or rejects the server's commands, each once.</summary>
internal sealed class CommandHandler(PileBoard board, EventJournal journal, ChargeControl charges, Action restart)
{
    /// <summary>A board answers before it goes down, and gives the answer time to leave.</summary>
    private static readonly TimeSpan RestartDelay = TimeSpan.FromMilliseconds(200);

    private readonly Random _random = new(board.Options.Seed);

    public void Handle(Command command)
    {
        if (board.Faults.Silent) return;
        switch (command.KindCase)
        {
            case Command.KindOneofCase.EventAck when board.Faults.DropEventAcks:
                break;
            case Command.KindOneofCase.EventAck:
                journal.Acknowledge(command.EventAck.EventId);
                break;
            case Command.KindOneofCase.CardDecision:
                Count(command.CardDecision);
                break;
            default:
                HandleOnce(command);
                break;
        }
    }

    private void HandleOnce(Command command)
    {
        if (board.Memory.Answers.TryGetValue(command.CommandId, out var answer))
        {
            if (answer is not null) Send(answer);
            return;
        }
        board.Memory.Remember(command.CommandId);
        if (RefusalAtReceipt(command) is { } reason)
            Reject(command, reason);
        else if (command.KindCase == Command.KindOneofCase.StartCharge && board.Faults.StartDelay > TimeSpan.Zero)
            board.Agenda.In(board.Faults.StartDelay, () => Obey(command));
        else
            Obey(command);
    }

    private RejectReason? RefusalAtReceipt(Command command)
    {
        if (command.StartCharge is not null && !board.Clock.IsSetOnThisConnection) return RejectReason.ClockNotSet;
        // A wrong clock must not keep out the command that corrects it.
        return command.SetTime is null && board.Clock.IsSet && command.ExpiresAt?.ToDateTimeOffset() < board.Clock.Now
            ? RejectReason.Expired
            : null;
    }

    private void Obey(Command command)
    {
        switch (command.KindCase)
        {
            case Command.KindOneofCase.StartCharge:
                Start(command, command.StartCharge);
                break;
            case Command.KindOneofCase.StopCharge:
                Stop(command, command.StopCharge);
                break;
            case Command.KindOneofCase.ReportStatus:
                Answer(command, Done(command));
                board.SendStatus();
                break;
            case Command.KindOneofCase.SetTime when command.SetTime.Now is not null:
                board.Clock.Set(command.SetTime.Now.ToDateTimeOffset());
                Answer(command, Done(command));
                break;
            case Command.KindOneofCase.Reboot:
                Answer(command, Done(command));
                board.Agenda.In(board.Faults.AnswerDelay + RestartDelay, restart);
                break;
            default:
                Reject(command, RejectReason.Unsupported);
                break;
        }
    }

    private void Start(Command command, StartCharge start)
    {
        var plug = board.Plug(start.Plug);
        if (board.Faults.RejectStarts is { } wanted)
            Reject(command, wanted, plug);
        else if (plug is null)
            Reject(command, RejectReason.NoSuchPlug);
        else if (plug.Fault is not null)
            Reject(command, RejectReason.PlugFault, plug);
        else if (plug.Running is not null)
            Reject(command, RejectReason.PlugBusy, plug);
        else if (!plug.VehicleConnected)
            Reject(command, RejectReason.NothingConnected, plug);
        else
        {
            charges.Close(plug, start);
            AnswerAndReport(command, plug, () => charges.ReportStart(plug));
        }
    }

    private void Stop(Command command, StopCharge stop)
    {
        var plug = board.Plug(stop.Plug);
        if (plug is null)
            Reject(command, RejectReason.NoSuchPlug);
        else if (plug.Running?.OrderNo == stop.OrderNo)
        {
            var charge = charges.Open(plug)!;
            AnswerAndReport(command, plug, () => charges.ReportEnd(plug, charge, EndReason.RemoteStop));
        }
        else if (plug.Finished?.OrderNo == stop.OrderNo)
            Answer(command, Done(command, plug)); // it ended by itself a moment ago
        else
            Reject(command, RejectReason.OrderMismatch, plug);
    }

    private void AnswerAndReport(Command command, PilePlug plug, Action report)
    {
        var result = Done(command, plug);
        if (board.Faults.EventsBeforeResult) report();
        Answer(command, result);
        if (!board.Faults.EventsBeforeResult) report();
        board.SendStatus();
    }

    private void Reject(Command command, RejectReason reason, PilePlug? plug = null)
    {
        board.Totals = board.Totals with { CommandsRejected = board.Totals.CommandsRejected + 1 };
        var result = Done(command, plug);
        (result.Outcome, result.Reason) = (CommandOutcome.Rejected, reason);
        Answer(command, result);
    }

    private CommandResult Done(Command command, PilePlug? plug = null) => new()
    {
        CommandId = command.CommandId,
        Outcome = CommandOutcome.Done,
        Plug = plug?.Status(board.Agenda.Now),
    };

    private void Answer(Command command, CommandResult result)
    {
        board.Memory.Answers[command.CommandId] = result;
        Send(result);
    }

    private void Send(CommandResult result)
    {
        var faults = board.Faults;
        if (faults.LoseResults) return;
        if (faults.AnswerDelay > TimeSpan.Zero && _random.NextDouble() < faults.AnswerDelayShare)
        {
            board.Totals = board.Totals with { SlowAnswers = board.Totals.SlowAnswers + 1 };
            board.Agenda.In(faults.AnswerDelay, () => board.Send(result));
        }
        else
            board.Send(result);
    }

    private void Count(CardDecision decision) => board.Totals = decision.Accepted
        ? board.Totals with { SwipesAccepted = board.Totals.SwipesAccepted + 1 }
        : board.Totals with { SwipesRefused = board.Totals.SwipesRefused + 1 };
}
