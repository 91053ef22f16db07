using System.Diagnostics;
using Charging.Server.Accounts;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;
using Microsoft.Extensions.Logging.Abstractions;

namespace Charging.Bench;

/// <summary>A data directory with a year of orders. It is kept in the temporary folder for the next run.</summary>
/// <param name="Directory">The directory.</param>
/// <param name="Token">A token of the rider that is measured (<see cref="OrderSeed.OwnId"/>).</param>
internal sealed record SeededStore(string Directory, string Token)
{
    private static readonly TimeSpan Year = TimeSpan.FromDays(365);

    // Rows stay good while the tables and their indexes are the same: what an entity gains has a default.
    private static readonly string Schema = string.Join('\n', Tables.All.Select(table => $"{table.Name}: {string.Join(' ', table.IndexNames)}"));

    /// <summary>Finds or makes one, as a server leaves it that has ended in the worst moment: with its last entries unchecked.</summary>
    /// <param name="orders">How many orders, at least 1000 and a multiple of 1000.</param>
    /// <param name="own">How many of them are of the rider that is measured.</param>
    public static async Task<SeededStore> OpenAsync(int orders, int own)
    {
        if (orders < 1000 || orders % 1000 > 0)
            throw new ArgumentOutOfRangeException(nameof(orders), orders, "Give a multiple of 1000.");
        var directory = Path.Combine(Path.GetTempPath(), $"charging-bench-{orders}-orders-{own}");
        var stamp = Path.Combine(directory, "tables");
        if (!File.Exists(stamp) || await File.ReadAllTextAsync(stamp) != Schema)
        {
            if (System.IO.Directory.Exists(directory))
                System.IO.Directory.Delete(directory, recursive: true);
            await MakeAsync(directory, orders, own);
            await File.WriteAllTextAsync(stamp, Schema);
        }
        return new SeededStore(directory, await ResetAsync(directory, orders));
    }

    /// <summary>Puts the ledger's mark back to where it was, which a server moves that starts.</summary>
    /// <returns>A token.</returns>
    public static async Task<string> ResetAsync(string directory, int orders)
    {
        await using var store = Open(directory, TimeProvider.System);
        return await store.RunAsync(tx =>
        {
            tx.Put(LedgerMark.Table, OrderSeed.Mark(orders));
            return ValueTask.FromResult(Tokens.Issue(tx, OrderSeed.OwnId));
        });
    }

    /// <summary>A store with the rider and nothing else.</summary>
    /// <returns>The rider's token.</returns>
    public static async Task<string> MakeEmptyAsync(string directory)
    {
        await using var store = Open(directory, TimeProvider.System);
        return await store.RunAsync(async tx => Tokens.Issue(tx, await OrderSeed.NewRiderAsync(tx)));
    }

    private static async Task MakeAsync(string directory, int orders, int own)
    {
        System.IO.Directory.CreateDirectory(directory);
        var began = Stopwatch.GetTimestamp();
        var now = DateTimeOffset.UtcNow;
        var operations = orders / OrderSeed.Slice;
        await using (var store = Open(directory, new SeedClock(now - Year, Year / operations, now - TimeSpan.FromHours(1))))
            await new OrderSeed(store, orders, own).RunAsync();
        var written = Stopwatch.GetElapsedTime(began);
        await ResetAsync(directory, orders);
        await CheckAsync(directory);
        await Console.Error.WriteLineAsync($"{orders:N0} orders written in {written.TotalSeconds:0} s and checked in {(Stopwatch.GetElapsedTime(began) - written).TotalSeconds:0} s: {directory}");
    }

    // What is measured must be what a server could have written.
    private static async Task CheckAsync(string directory)
    {
        await using var store = Open(directory, TimeProvider.System);
        await foreach (var progress in new LedgerCheck(store).RunAsync())
        {
            if (progress.Findings.Count > 0)
                throw new InvalidOperationException($"The orders do not add up: {progress.Findings[0].Sentence}");
        }
    }

    private static LiteDbStore Open(string directory, TimeProvider clock) =>
        new(directory, Tables.All, Tables.Migrations, [], clock, new LiteDbOptions(), NullLogger<LiteDbStore>.Instance);
}
