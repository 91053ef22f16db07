using System.Globalization;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Clock;

/// <summary>Until when the store was served.</summary>
public sealed record StoreTime
{
    /// <summary>The key of the one row that there may be.</summary>
    public const string Key = "store";

    /// <summary>A time at which it was, UTC: the newest but for half a minute.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Where it is kept.</summary>
    public static readonly Table<StoreTime> Table = new("store_times", StoreJson.Default.StoreTime, _ => Key, isResident: true);
}

/// <summary>
/// Keeps in the store until when it was served, and starts nothing by a clock that is behind that: a machine that has no time
/// until NTP tells it would date today's money in the past, and keep reservations until its clock has caught up. While the
/// server runs its clock may be set back, for <see cref="ClockWatch"/> knows how much time has passed; the store's time follows.
/// </summary>
internal sealed partial class StoreClock(IStore store, TimeProvider clock, ClockWatch clocks, StoreOptions options, ILogger<StoreClock> logger)
    : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    // What is written down may be older by one interval: whoever is two minutes behind is refused.
    private static readonly TimeSpan MaxBehind = TimeSpan.FromMinutes(2) - Interval;
    private static readonly TimeSpan MaxAhead = TimeSpan.FromHours(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private ITimer? _timer;
    private int _isWriting;

    /// <inheritdoc/>
    /// <exception cref="StartupException">The server is stopped while it waits for the right time.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await WaitUntilRightAsync(cancellationToken);
        clocks.Restart();
        clocks.Stepped += () => _ = WriteAsync();
        await WriteAsync();
        _timer = clock.CreateTimer(_ => _ = WriteAsync(), null, Interval, Interval);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => DisposeAsync().AsTask();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _timer?.DisposeAsync() ?? default;

    private async Task WaitUntilRightAsync(CancellationToken cancellationToken)
    {
        var waits = new LogThrottle(clock);
        while (true)
        {
            var (servedUntil, now) = await store.RunAsync(async tx => ((await tx.GetAsync(StoreTime.Table, StoreTime.Key))?.At ?? tx.Now, tx.Now), cancellationToken);
            if (now - servedUntil > MaxAhead)
                LogAhead(Text(servedUntil), (now - servedUntil).TotalHours, Text(now));
            if (options.AcceptClock)
                LogAccepted(Text(now), Text(servedUntil));
            if (options.AcceptClock || servedUntil - now <= MaxBehind)
                return;
            if (waits.Count() is not null)
                LogBehind(Text(now), Text(servedUntil));
            await Task.Delay(Pause, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested)
                throw new StartupException("The server was stopped before the clock was right.");
        }
    }

    private async Task WriteAsync()
    {
        if (Interlocked.Exchange(ref _isWriting, 1) == 1)
            return;
        try
        {
            // Not where it is this clock that is wrong now.
            await store.AskAsync();
            await store.RunAsync(tx =>
            {
                tx.Put(StoreTime.Table, new StoreTime { At = tx.Now });
                return ValueTask.FromResult(true);
            });
        }
        catch (StoreUnavailableException)
        {
            // The store itself says why. It is written with the next one.
        }
        catch (Exception fault)
        {
            LogFault(fault);
        }
        finally
        {
            Volatile.Write(ref _isWriting, 0);
        }
    }

    private static string Text(DateTimeOffset time) => time.ToString("u", CultureInfo.InvariantCulture);

    [LoggerMessage(Level = LogLevel.Warning, Message = "This machine's clock is wrong: it shows {Now}, and the store was served until {ServedUntil}. Nobody is served until the clock is right, so set it, by NTP. If the store's time is the wrong one, start the server once with Charging:Store:AcceptClock=true.")]
    private partial void LogBehind(string now, string servedUntil);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The store was served until {ServedUntil}, which is {Hours:0.0} hours ago by this machine's clock: it shows {Now}. If the server was not off for that long, set the clock, by NTP.")]
    private partial void LogAhead(string servedUntil, double hours, string now);

    [LoggerMessage(Level = LogLevel.Warning, Message = "This machine's clock shows {Now} and is taken for right, whatever the store says, which was served until {ServedUntil}. Take Charging:Store:AcceptClock out of the settings again.")]
    private partial void LogAccepted(string now, string servedUntil);

    [LoggerMessage(Level = LogLevel.Error, Message = "The time could not be written into the store.")]
    private partial void LogFault(Exception fault);
}
