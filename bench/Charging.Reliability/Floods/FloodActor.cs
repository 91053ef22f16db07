using System.Collections.Concurrent;

namespace Charging.Reliability.Floods;

/// <summary>Something that one can do as often as one likes.</summary>
/// <param name="Name">What.</param>
/// <param name="Call">Does it, each time with another number.</param>
/// <param name="Waits">Whether its answer may take seconds, so that half of the callers do it and the other half the rest.</param>
internal sealed record FloodAct(string Name, Func<int, Task<int>> Call, bool Waits = false);

/// <summary>What must be seen of a limit.</summary>
/// <param name="What">Its name in docs/security.md.</param>
/// <param name="Metric">Its name in `charging_limited_total`; null when it is not counted there.</param>
/// <param name="Window">In what time it is counted.</param>
/// <param name="Act">The act that meets it.</param>
/// <param name="Takes">What that is answered when it counts.</param>
internal sealed record ExpectedLimit(string What, string? Metric, TimeSpan Window, string Act, params int[] Takes)
{
    /// <summary>A run of this length must meet it.</summary>
    public TimeSpan MetWithin { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>One rider, address or key, with all that it may do.</summary>
internal abstract class FloodActor(FloodPlace place)
{
    /// <summary>Where the calls come from.</summary>
    protected const string Address = "203.0.113.9";

    // Each call has a number of its own.
    private const int CallsOfCaller = 10_000_000;

    protected FloodPlace Place => place;

    /// <summary>How often each act was answered in each way.</summary>
    public ConcurrentDictionary<(string Act, int Code), int> Answers { get; } = new();

    /// <summary>Calls that were answered.</summary>
    public int Calls => Answers.Values.Sum();

    /// <summary>What it does, in turn.</summary>
    public abstract IReadOnlyList<FloodAct> Acts { get; }

    /// <summary>The limits that it meets.</summary>
    public abstract IReadOnlyList<ExpectedLimit> Limits { get; }

    /// <summary>Makes ready.</summary>
    public virtual Task PrepareAsync() => Task.CompletedTask;

    /// <summary>One of its callers: does its half of everything in turn until the end, as fast as it is answered.</summary>
    public async Task RunAsync(int caller, CancellationToken end)
    {
        var acts = Acts.Where(act => act.Waits == (caller % 2 == 0)).ToList();
        for (var n = 0; acts.Count > 0 && !end.IsCancellationRequested; n++)
        {
            await DoAsync(acts[n % acts.Count], (caller * CallsOfCaller) + (n / acts.Count));
        }
    }

    /// <summary>Does something by its name, and notes the answer.</summary>
    protected Task DoAsync(string act, int n) => DoAsync(Acts.Single(known => known.Name == act), n);

    private async Task DoAsync(FloodAct act, int n)
    {
        var code = await act.Call(n);
        Answers.AddOrUpdate((act.Name, code), 1, (_, known) => known + 1);
    }

    /// <summary>How often an act was answered so.</summary>
    public int Count(string act, params int[] codes) => Answers.Where(answer => answer.Key.Act == act && codes.Contains(answer.Key.Code)).Sum(answer => answer.Value);
}
