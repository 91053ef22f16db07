using System.Globalization;

namespace Charging.Reliability.Model;

/// <summary>Something whose work ends all at once: a process that can be killed, or the world around it, which goes on.</summary>
internal sealed class Life(string name)
{
    /// <summary>For the trace.</summary>
    public string Name { get; } = name;

    /// <summary>Whether it was killed. What it still had to do is never done.</summary>
    public bool IsOver { get; set; }

    /// <summary>How many steps it has made.</summary>
    public int Steps { get; set; }
}

/// <summary>
/// One thread, one seed: of everything that could go on, a seeded choice goes on, up to its next await. Time stands still
/// while anything can go on, and then jumps to the next timer; now and then a timer is faster than what could go on.
/// </summary>
internal sealed class Scheduler(int seed, Action<string>? trace = null)
{
    // A thread may be held up, but not for longer than this while others work.
    private static readonly TimeSpan LongestStall = TimeSpan.FromSeconds(3);
    private const int StallOneIn = 64;

    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly Random _random = new(seed);
    private readonly List<Step> _ready = [];
    private readonly SortedSet<ModelTimer> _timers = new(ModelTimer.ByTime);
    private long _number;

    private readonly record struct Step(Life Life, SendOrPostCallback Action, object? State);

    /// <summary>The simulated time, UTC.</summary>
    public DateTimeOffset Now { get; private set; } = new(2025, 6, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Steps made.</summary>
    public long Steps { get; private set; }

    /// <summary>What went wrong with the run itself: a step that threw, or work that came from another thread and is no longer the seed's choice.</summary>
    public string? Broken { get; private set; }

    /// <summary>Whether lines are wanted.</summary>
    public bool IsTraced => trace is not null;

    /// <summary>Writes a line of what happens.</summary>
    public void Trace(string line) => trace?.Invoke(string.Create(CultureInfo.InvariantCulture, $"{Now:dd HH:mm:ss.fff} {line}"));

    /// <summary>Lets something go on when its turn comes.</summary>
    public void Post(Life life, SendOrPostCallback action, object? state = null)
    {
        if (Environment.CurrentManagedThreadId != _thread)
            Broken ??= $"{life.Name} went on from another thread: {Environment.StackTrace}";
        else if (!life.IsOver)
            _ready.Add(new Step(life, action, state));
    }

    /// <summary>Does something at its time, unless its life is over by then.</summary>
    public ModelTimer After(Life life, TimeSpan delay, Action action)
    {
        var timer = new ModelTimer(this, life, action);
        timer.Change(delay, Timeout.InfiniteTimeSpan);
        return timer;
    }

    /// <summary>Ends a life.</summary>
    public void Kill(Life life)
    {
        life.IsOver = true;
        _ready.RemoveAll(step => step.Life == life);
        _timers.RemoveWhere(timer => timer.Life == life);
    }

    /// <summary>Whether anything goes on within a time.</summary>
    public bool HasWorkWithin(TimeSpan time) => _ready.Count > 0 || (_timers.Count > 0 && _timers.Min!.At - Now <= time);

    /// <summary>Makes one step. False when nothing is left to do.</summary>
    public bool Run()
    {
        var mayStall = _timers.Count > 0 && _timers.Min!.At - Now <= LongestStall;
        if (_ready.Count > 0 && !(mayStall && _random.Next(StallOneIn) == 0))
            return RunReady(_random.Next(_ready.Count));
        if (_timers.Count == 0)
            return false;
        var timer = _timers.Min!;
        _timers.Remove(timer);
        if (timer.At > Now)
            Now = timer.At;
        Enter(timer.Life, timer.Fire);
        return true;
    }

    internal void Set(ModelTimer timer, DateTimeOffset? at)
    {
        if (Environment.CurrentManagedThreadId != _thread)
            Broken ??= $"{timer.Life.Name} set a timer from another thread: {Environment.StackTrace}";
        _timers.Remove(timer);
        if (at is not { } time || timer.Life.IsOver)
            return;
        // Timers of one moment fire in any order.
        timer.Place(time, _random.Next(), _number++);
        _timers.Add(timer);
    }

    private bool RunReady(int chosen)
    {
        var step = _ready[chosen];
        _ready[chosen] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        if (IsTraced)
            Trace(string.Create(CultureInfo.InvariantCulture, $"{step.Life.Name} goes on, {chosen} of {_ready.Count + 1}"));
        Enter(step.Life, () => step.Action(step.State));
        return true;
    }

    private void Enter(Life life, Action action)
    {
        Steps++;
        life.Steps++;
        var before = SynchronizationContext.Current;
        // A new one for each step: what waits for the end of something is never run inside it, but chosen like all else.
        SynchronizationContext.SetSynchronizationContext(new ModelContext(this, life));
        try
        {
            action();
        }
        catch (Exception fault)
        {
            Broken ??= $"A step of {life.Name} threw {fault}";
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }
}

/// <summary>Takes everything that awaits under it to the scheduler.</summary>
internal sealed class ModelContext(Scheduler scheduler, Life life) : SynchronizationContext
{
    /// <summary>Whose work it is.</summary>
    public Life Life => life;

    public override void Post(SendOrPostCallback d, object? state) => scheduler.Post(life, d, state);

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Nothing in the model waits for another thread.");

    public override SynchronizationContext CreateCopy() => this;
}
