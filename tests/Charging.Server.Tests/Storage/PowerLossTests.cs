using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Charging.Server.Tests.Storage;

/// <summary>
/// Callers of operations of several rows, and a disk whose power goes at any moment, recovery included. What was acknowledged
/// is there, an operation is there whole or not at all, and every file opens. CHARGING_POWER_LOSSES sets how many.
/// </summary>
public sealed class PowerLossTests
{
    private const int Callers = 8;
    private const int LossesOfADisk = 10;

    [Fact]
    public async Task Loses_nothing_acknowledged_and_leaves_nothing_half_done_when_the_power_goes()
    {
        var losses = int.Parse(Environment.GetEnvironmentVariable("CHARGING_POWER_LOSSES") ?? "100");
        await Parallel.ForAsync(0, (losses + LossesOfADisk - 1) / LossesOfADisk, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (seed, _) =>
        {
            var run = new Run(seed, barrier: true);
            for (var loss = 1; loss <= LossesOfADisk; loss++)
                Assert.Equal($"disk {seed}, loss {loss}: none", $"disk {seed}, loss {loss}: {await run.LosePowerAsync()}");
        });
    }

    [Fact]
    public async Task Finds_the_losses_of_a_store_whose_log_is_not_on_disk_before_its_data()
    {
        var found = "none";
        for (var seed = 0; found == "none" && seed < 10; seed++)
        {
            var run = new Run(seed, barrier: false);
            for (var loss = 0; found == "none" && loss < LossesOfADisk; loss++)
                found = await run.LosePowerAsync();
        }

        Assert.NotEqual("none", found);
    }

    /// <summary>The life of a disk, and what its callers have been told.</summary>
    private sealed class Run(int seed, bool barrier)
    {
        private readonly Random _random = new(seed);
        private readonly ModelledDisk _disk = new(new Random(seed), TimeSpan.FromMilliseconds(10));
        private readonly int[] _acknowledged = new int[Callers];
        private readonly int[] _attempted = new int[Callers];

        /// <summary>Works until the power goes, and says what is wrong when it is back, or "none".</summary>
        public async Task<string> LosePowerAsync()
        {
            _disk.CutAfter(_random.Next(1, 150));
            if (TryOpen() is { } store)
            {
                await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(() => WorkAsync(store, caller))));
                await store.DisposeAsync();
            }
            _disk.Reboot();
            try
            {
                await using var survivor = Open();
                for (var caller = 0; caller < Callers; caller++)
                {
                    if (await FindFaultAsync(survivor, caller) is { } fault)
                        return fault;
                }
                return "none";
            }
            // Without the barrier a damaged row may make the engine throw anything: that is a loss found.
            catch (Exception e) when (e is StoreOpenException or StoreUnavailableException || !barrier)
            {
                return $"unreadable: {e}";
            }
        }

        private LiteDbStore? TryOpen()
        {
            try
            {
                return Open();
            }
            catch (StoreOpenException) when (_disk.IsCut)
            {
                return null;
            }
        }

        private LiteDbStore Open() =>
            new(_disk, "modelled", Tables.All, [], [], TimeProvider.System, new LiteDbOptions(), NullLogger.Instance, barrier: barrier);

        private async Task WorkAsync(LiteDbStore store, int caller)
        {
            var note = new string((char)('a' + caller), 100 * caller);
            try
            {
                while (true)
                {
                    var step = _acknowledged[caller] + 1;
                    _attempted[caller] = step;
                    await store.RunAsync(async t =>
                    {
                        t.Put(Tables.Counters, new Counter($"first {caller}", step));
                        t.Put(Tables.Things, new Thing($"{caller} {step:00000}", $"{caller}", $"{step:00000}", note));
                        t.Put(Tables.Counters, new Counter($"second {caller}", step));
                        if (step > 20)
                            t.Delete(Tables.Things, $"{caller} {step - 20:00000}");
                        await t.NextNumberAsync("steps");
                        return step;
                    });
                    _acknowledged[caller] = step;
                }
            }
            catch (StoreUnavailableException)
            {
                // The power is gone; what was under way is in doubt.
            }
        }

        private async Task<string?> FindFaultAsync(LiteDbStore store, int caller)
        {
            var (first, second, things) = await store.RunAsync(async t => (
                (await t.GetAsync(Tables.Counters, $"first {caller}"))?.Value ?? 0,
                (await t.GetAsync(Tables.Counters, $"second {caller}"))?.Value ?? 0,
                await t.ListAsync(Tables.ByOwner, KeyRange.Exactly($"{caller}"), 200)));
            if (first < _acknowledged[caller])
                return $"lost: caller {caller} has {first} of {_acknowledged[caller]}";
            var expected = Enumerable.Range(1, (int)first).TakeLast(20).Select(step => $"{caller} {step:00000}");
            if (first != second || first > _attempted[caller] || !things.Select(t => t.Id).SequenceEqual(expected))
                return $"half done: caller {caller} has {first}, {second} and {things.Count} things";
            _acknowledged[caller] = (int)first;
            return null;
        }
    }
}
