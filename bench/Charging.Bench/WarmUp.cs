namespace Charging.Bench;

/// <summary>Loads a server until its code is compiled for good: until five seconds are hardly faster than the five before.</summary>
internal static class WarmUp
{
    private const int MostParts = 12;
    private static readonly TimeSpan Part = TimeSpan.FromSeconds(5);

    /// <param name="load">Loads it for a time, and tells how fast it was.</param>
    public static async Task RunAsync(Func<TimeSpan, Task<double>> load)
    {
        var before = await load(Part);
        for (var part = 2; part <= MostParts; part++)
        {
            var rate = await load(Part);
            if (rate < 1.05 * before)
                return;
            before = rate;
        }
    }
}
