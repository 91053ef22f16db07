using System.Diagnostics;

namespace Charging.Bench;

/// <summary>How long calls take, in milliseconds, shortest first.</summary>
internal sealed class Latencies(IEnumerable<double> milliseconds)
{
    private readonly List<double> _sorted = [.. milliseconds.Order()];

    public double P50 => Figures.Percentile(_sorted, 0.50);

    public double P99 => Figures.Percentile(_sorted, 0.99);

    /// <summary>All of several measurements.</summary>
    public static Latencies Of(IEnumerable<Latencies> parts) => new(parts.SelectMany(part => part._sorted));

    /// <summary>Several callers, each of whom calls again when it was answered.</summary>
    /// <param name="callers">How many.</param>
    /// <param name="duration">For how long.</param>
    /// <param name="call">What the caller of that number does; it tells how long the part took that counts.</param>
    public static async Task<Latencies> MeasureAsync(int callers, TimeSpan duration, Func<int, Task<TimeSpan>> call)
    {
        var began = Stopwatch.GetTimestamp();
        var all = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var own = new List<double>();
            while (Stopwatch.GetElapsedTime(began) < duration)
                own.Add((await call(caller)).TotalMilliseconds);
            return own;
        })));
        return new Latencies(all.SelectMany(own => own));
    }

    /// <summary>How long a call takes as a whole.</summary>
    public static async Task<TimeSpan> TimeAsync(Func<Task> call)
    {
        var began = Stopwatch.GetTimestamp();
        await call();
        return Stopwatch.GetElapsedTime(began);
    }
}
