using System.Diagnostics;
using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Calls;
using Charging.Server.Orders;
using Charging.Server.Storage;
using Charging.Server.Telemetry;

namespace Charging.Server.Piles;

/// <summary>What piles say, and who in the server it is for.</summary>
public sealed partial class PileInbox(
    IStore store,
    PileAccess access,
    Board board,
    PileCommands commands,
    PileClocks clocks,
    StatusCheck statusCheck,
    PileEvents events,
    Starts starts,
    Stops stops,
    PileResults results,
    PileBrokerOptions options,
    PileOptions piles,
    RateLimits limits,
    TimeProvider clock,
    ILogger<PileInbox> logger) : IPileListener
{
    private readonly LimitLog _packets = limits.CreateLog("pile-packets", options.PacketsPerSecond, TimeSpan.FromSeconds(1));
    private readonly RateLimit<DeviceNo> _unreadable = limits.Create<DeviceNo>("pile-unreadable", piles.MaxUnreadablePerMinute, TimeSpan.FromMinutes(1));
    private readonly LogThrottle _left = new(clock);

    /// <inheritdoc/>
    public int? Authenticate(DeviceNo device, string secret) => access.Authenticate(device, secret);

    /// <inheritdoc/>
    public int? Admit(DeviceNo device) => access.Find(device)?.SecretGeneration;

    /// <inheritdoc/>
    public void Remembered(DeviceNo device) => InBackground(commands.ReportStatusAsync(device).AsTask());

    /// <inheritdoc/>
    public void Connected(PileSession session) => board.Connected(session);

    /// <inheritdoc/>
    public void Disconnected(PileSession session) => board.Disconnected(session);

    /// <inheritdoc/>
    public bool IsReadable(DeviceNo device, PileStatus status) =>
        access.HasEach(device, status.Plugs.Select(plug => plug.Plug));

    /// <inheritdoc/>
    public void StatusReceived(PileSession session, PileStatus status)
    {
        var news = board.StatusReceived(session, status);
        if (news.HasGap)
            InBackground(commands.ReportStatusAsync(session.Device).AsTask());
        if (!news.Counts || !status.Online)
            return;
        InBackground(clocks.TellIfDueAsync(session));
        InBackground(statusCheck.CheckAsync(session.Device));
    }

    /// <inheritdoc/>
    public void TelemetryReceived(PileSession session, PileTelemetry telemetry) => board.Heard(session);

    /// <inheritdoc/>
    public async Task<bool> CanKeepAsync()
    {
        try
        {
            // Much to do is no reason to leave it to others.
            await store.AskAsync();
            return true;
        }
        catch (StoreUnavailableException)
        {
            board.Missed();
            return false;
        }
    }

    /// <inheritdoc/>
    public Task EventReceivedAsync(PileSession session, PileEvent pileEvent)
    {
        board.Heard(session);
        // It may be any of its plugs.
        if (pileEvent.Alarm is { } alarm && !access.HasEach(session.Device, [alarm.Plug]))
            alarm.Plug = 0;
        return GuardAsync(pileEvent.KindCase switch
        {
            PileEvent.KindOneofCase.ChargeStarted => TracedAsync("pile reports start", pileEvent.ChargeStarted.OrderNo, () => HandleAsync(session, pileEvent)),
            PileEvent.KindOneofCase.ChargeEnded => TracedAsync("pile reports end", pileEvent.ChargeEnded.OrderNo, () => HandleAsync(session, pileEvent)),
            _ => HandleAsync(session, pileEvent),
        });
    }

    /// <inheritdoc/>
    public Task ResultReceivedAsync(PileSession session, CommandResult result)
    {
        board.Heard(session);
        results.Received(session.Device, result);
        // It refuses for the time that it has, which may be a wrong one: it gets the right one, for the next command.
        if (result is { Outcome: CommandOutcome.Rejected, Reason: RejectReason.Expired or RejectReason.ClockNotSet } && PileCommands.OrderOf(result.CommandId) is not null)
            InBackground(clocks.TellAsync(session));
        return PileCommands.OrderOf(result.CommandId) switch
        {
            ("start", var orderNo) => GuardAsync(TracedAsync("pile answers start", orderNo, () => starts.ResultAsync(new PlugOwner(session.Device, orderNo), result))),
            ("stop", var orderNo) => GuardAsync(TracedAsync("pile answers stop", orderNo, () => stops.ResultAsync(new PlugOwner(session.Device, orderNo), result))),
            _ => Task.CompletedTask,
        };
    }

    /// <inheritdoc/>
    public void Unreadable(PileSession session, string topic, ReadOnlyMemory<byte> payload)
    {
        if (!_unreadable.TryTake(session.Device, $"pile {session.Device}"))
            return;
        LogUnreadable(session.Device, topic);
        InBackground(events.QuarantineAsync(session.Device, $"Unreadable on {topic}.", payload.ToArray()));
    }

    /// <inheritdoc/>
    public void Slowed(PileSession session) => _packets.Refused(session.Device.ToString());

    /// <inheritdoc/>
    public void Flooding(DeviceNo device) => InBackground(store.RunAsync(async tx =>
    {
        await PileAlarms.RaiseAsync(tx, device, AlarmCode.Flooding, AlarmSeverity.Warning);
        return true;
    }));

    private static async Task TracedAsync(string name, string orderNo, Func<Task> act)
    {
        using var span = ChargeTrace.Begin(name, ActivityKind.Consumer, orderNo);
        await act();
    }

    private async Task HandleAsync(PileSession session, PileEvent pileEvent)
    {
        try
        {
            await events.HandleAsync(session, pileEvent);
        }
        catch (StoreUnavailableException)
        {
            // It may be the end of a charge, which must not be taken for lost before the pile has said it again.
            board.Missed(session.Device);
            throw;
        }
    }

    private void InBackground(Task task)
    {
        if (!task.IsCompletedSuccessfully)
            _ = GuardAsync(task);
    }

    // The pile says it again: a status comes every minute, an event until it is acknowledged.
    private async Task GuardAsync(Task task)
    {
        try
        {
            await task;
        }
        catch (StoreUnavailableException busy)
        {
            if (_left.Count() is { } times)
                LogLeftToTheResend(times, busy.Message);
        }
        catch (Exception fault)
        {
            LogFault(fault);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Pile {Device} sent something unreadable on {Topic}; it is set aside. A status may name each of the plugs with which the pile is registered once.")]
    private partial void LogUnreadable(DeviceNo device, string topic);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Times} messages of piles since the last line were not acted on and are left to their resend: {Reason}")]
    private partial void LogLeftToTheResend(int times, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "A pile's message could not be acted on.")]
    private partial void LogFault(Exception fault);
}
