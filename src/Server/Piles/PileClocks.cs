using Charging.MqttBroker;
using Charging.Server.Clock;
using Charging.Server.Storage;

namespace Charging.Server.Piles;

/// <summary>
/// Tells piles the time: when they connect, twice a day, and at once when this machine's clock was set, for by their own clock
/// they reject what comes too late.
/// </summary>
public sealed partial class PileClocks
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(12);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastPause = TimeSpan.FromSeconds(4);

    private readonly IStore _store;
    private readonly Board _board;
    private readonly PileCommands _commands;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;

    /// <summary>Makes it.</summary>
    public PileClocks(IStore store, Board board, PileCommands commands, TimeProvider clock, ClockWatch clocks, ILogger<PileClocks> logger)
    {
        (_store, _board, _commands, _clock, _logger) = (store, board, commands, clock, logger);
        clocks.Stepped += () => _ = TellAllAsync();
    }

    /// <summary>Tells a pile that has said something the time, unless it was told lately.</summary>
    public Task TellIfDueAsync(PileSession session) =>
        _board.Find(session.Device)?.TimeSentAt is { } sentAt && _clock.GetElapsedTime(sentAt) < Interval ? Task.CompletedTask : TellAsync(session);

    /// <summary>
    /// Tells a pile the time. Without it a pile starts nothing, and it may subscribe after its first status. Where it cannot be
    /// told, and by a node whose own clock was wrong, it is told with the next one.
    /// </summary>
    public async Task TellAsync(PileSession session)
    {
        for (var pause = FirstPause; !_store.IsClockWrong; pause *= 2)
        {
            _board.TimeSent(session, true);
            if (await _commands.SetTimeAsync(session.Device))
                return;
            _board.TimeSent(session, false);
            if (pause > LastPause)
                return;
            await Task.Delay(pause, _clock);
            if (_board.Find(session.Device) is not { IsConnected: true, TimeSentAt: null } view || view.Session.Number != session.Number)
                return;
        }
    }

    private async Task TellAllAsync()
    {
        try
        {
            // It may be this machine's clock that is wrong now, and then no pile must learn of it.
            await _store.AskAsync();
            await Task.WhenAll(_board.All.Where(view => view.IsConnected).Select(view => TellAsync(view.Session)));
        }
        catch (StoreUnavailableException e)
        {
            LogNotTold(e.Message);
        }
        catch (Exception fault)
        {
            LogFault(fault);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The clock was set, and piles are told the time with their next status: {Reason}")]
    private partial void LogNotTold(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Piles could not be told that the clock was set.")]
    private partial void LogFault(Exception fault);
}
