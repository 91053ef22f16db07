using System.Diagnostics;
using System.Globalization;

namespace Charging.Reliability.Crash;

/// <summary>
/// R1: the real server under load, killed with SIGKILL at random moments, started again on the same data. After each kill
/// a copy of what it left is compared with what clients were told.
/// </summary>
public static class CrashRun
{
    // A charge lasts a second and a reservation four; what waits longer waits for a pile that is sent its stop every 30 s.
    private static readonly TimeSpan LongestEnding = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan EndingLook = TimeSpan.FromSeconds(3);

    /// <summary>Runs until something is wrong, or to the end.</summary>
    public static async Task<CrashReport> RunAsync(CrashOptions options)
    {
        var random = new Random(options.Seed);
        var counts = new CrashCounts();
        var clock = Stopwatch.StartNew();
        var cycles = 0;
        for (var directory = 0; cycles < options.Cycles && counts.Faults.IsEmpty; directory++)
        {
            await using var world = await CrashWorld.OpenAsync(options, counts, directory);
            var until = Math.Min(options.Cycles, cycles + options.CyclesPerDirectory);
            for (; cycles < until && counts.Faults.IsEmpty; cycles++)
                await CycleAsync(world, options, random);
            if (counts.Faults.IsEmpty)
                await EndAsync(world, options);
            options.Progress?.Invoke(string.Create(
                CultureInfo.InvariantCulture,
                $"{cycles} kills, {counts.Acknowledged} acknowledged, {counts.InDoubt} in doubt, {counts.Faults.Count} faults, {clock.Elapsed:hh\\:mm\\:ss}"));
        }
        return new CrashReport(cycles, counts.Acknowledged, counts.InDoubt, counts.Orders, counts.Charges, clock.Elapsed, [.. counts.Faults]);
    }

    private static async Task CycleAsync(CrashWorld world, CrashOptions options, Random random)
    {
        using var server = world.Launch();
        var load = Task.CompletedTask;
        using var killed = new CancellationTokenSource();
        if (random.Next(10) == 0)
        {
            // In the middle of its start, when it may be finishing what the last kill interrupted.
            await Task.Delay(random.Next(200, 800));
        }
        else
        {
            await server.ListeningAsync();
            load = world.LiveAsync(server, killed.Token);
            if (random.Next(4) == 0)
                world.RebootOne(random);
            await Task.Delay(random.Next(50, 1500));
        }
        await server.KillAsync();
        var killedAt = DateTimeOffset.UtcNow;
        // The answers that had left the server come in before the riders are told to stop.
        await Task.WhenAny(load, Task.Delay(TimeSpan.FromMilliseconds(300)));
        await killed.CancelAsync();
        await load;
        foreach (var error in server.Errors)
            world.Fault($"The server said: {error}");
        await world.CheckAsync(world.Copy(), killedAt);
    }

    /// <summary>Without load, every order ends.</summary>
    private static async Task EndAsync(CrashWorld world, CrashOptions options)
    {
        var clock = Stopwatch.StartNew();
        int open;
        do
        {
            using var server = world.Launch();
            await server.ListeningAsync();
            await Task.Delay(EndingLook);
            await server.KillAsync();
            open = await world.CheckAsync(world.Copy(), DateTimeOffset.UtcNow);
        }
        while (open > 0 && clock.Elapsed < LongestEnding);
        if (open > 0)
            world.Fault($"{open} orders have not ended {LongestEnding.TotalSeconds} s after the last call.");
    }
}
