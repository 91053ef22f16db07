using Charging.Device.V1;
using Charging.Ops.V1;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>Commands that an operator gives a pile. The audit log knows of one before it is sent.</summary>
internal sealed class PileInstructions(Changes changes, PileViews views, PileResults results, BusyPlugIndex busyPlugs, Board board)
{
    private const string Unknown = "Sent, outcome not known.";

    /// <summary>Gives one.</summary>
    public async Task<SendPileCommandResponse> GiveAsync(SendPileCommandRequest request, ServerCallContext context)
    {
        var pile = views.Known(request.DeviceNo.ToDeviceNo());
        var reason = request.Reason.ToAnyReason();
        return request.Command switch
        {
            PileCommand.ReportStatus => await AskAsync(context, pile, reason, "report", new Command { ReportStatus = new ReportStatus() }),
            PileCommand.SetTime => await AskAsync(context, pile, reason, "time", new Command { SetTime = new SetTime { Now = new Timestamp() } }),
            PileCommand.Reboot => await AskAsync(context, pile, reason, "reboot", new Command { Reboot = new Reboot() }),
            PileCommand.StopPlug => await StopAsync(context, Plug(pile, request.Plug), reason),
            _ => throw Refusal.Invalid($"command is {(int)request.Command}: give a value of PileCommand."),
        };
    }

    private async Task<SendPileCommandResponse> AskAsync(ServerCallContext context, Piles.Pile pile, string reason, string verb, Command command)
    {
        var deed = new Deed(PileOpsMapping.Subject(pile.Device), reason);
        var name = command.KindCase.ToString();
        await changes.MakeAsync(context, deed, _ => ValueTask.FromResult(new Made<bool>(true, $"{name}: {Unknown}")));
        var (sent, answer) = await results.AskAsync(pile.Device, verb, command, context.CancellationToken);
        var outcome = (sent, answer?.Outcome) switch
        {
            (false, _) => PileCommandOutcome.NotConnected,
            (_, CommandOutcome.Done) => PileCommandOutcome.Done,
            (_, CommandOutcome.Rejected) => PileCommandOutcome.Rejected,
            _ => PileCommandOutcome.NoAnswer,
        };
        await changes.ConcludeAsync(context, $"{name}: {outcome}{(outcome == PileCommandOutcome.Rejected ? $", {answer!.Reason}" : "")}.");
        return new SendPileCommandResponse { Outcome = outcome, RejectReason = answer?.Reason ?? RejectReason.Unspecified };
    }

    private async Task<SendPileCommandResponse> StopAsync(ServerCallContext context, PlugId plug, string reason)
    {
        // By the server's books, and else by what the pile says: it may charge for an order that nobody knows.
        var reported = board.Find(plug.Device)?.Plug(plug.Number);
        var orderNo = busyPlugs.Find(plug) is { StartSentAt: not null } busy ? busy.OrderNo.ToString()
            : reported is { State: Charging.Device.V1.PlugState.Charging, OrderNo.Length: > 0 } ? reported.OrderNo
            : throw Refusal.Conflict($"Nothing charges at plug {plug.Number}: 'piles show' tells what it does.");
        await changes.MakeAsync(context, new Deed(PileOpsMapping.Subject(plug.Device), reason), async tx =>
        {
            await Stops.RequestAsync(tx, orderNo, plug);
            return new Made<bool>(true, $"Plug {plug.Number} is told to stop order {Refusal.Shown(orderNo)}.");
        });
        return new SendPileCommandResponse { Outcome = PileCommandOutcome.Due };
    }

    private static PlugId Plug(Piles.Pile pile, int number) => number >= 1 && number <= pile.PlugCount
        ? new PlugId(pile.Device, number)
        : throw Refusal.Invalid($"plug is {number}: give 1 to {pile.PlugCount}.");
}
