using Charging.Server.Storage;

namespace Charging.Server.Accounts;

/// <summary>
/// What nobody waits for: writes the days on which tokens were used, and removes dead tokens and old codes every hour.
/// </summary>
public sealed class Upkeep(IStore store, TokenIndex index, TimeProvider clock, ILogger<Upkeep> logger) : BackgroundService
{
    private const int Slice = 200;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(WriteUsesAsync(stoppingToken), SweepAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end. The host would log it as a crash where a later part of the server fails to start.
        }
    }

    private async Task WriteUsesAsync(CancellationToken stopping)
    {
        await foreach (var (hash, at) in index.UsesWorthWriting.ReadAllAsync(stopping))
            await TryAsync(() => store.RunAsync(tx => WriteUseAsync(tx, hash, at), stopping));
    }

    private async Task SweepAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromHours(1), clock);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            await TryAsync(async () =>
            {
                while (index.Dead(Slice) is { Count: > 0 } dead)
                {
                    foreach (var living in await store.RunAsync(tx => DeleteAsync(tx, dead), stopping))
                        index.Found(living);
                }
                while (await store.RunAsync(RemoveOldCodesAsync, stopping) == Slice)
                {
                }
            });
        }
    }

    private async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (StoreUnavailableException e)
        {
            AccountLog.UpkeepPostponed(logger, e.Message);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            AccountLog.UpkeepFailed(logger, e);
        }
    }

    private static async ValueTask<bool> WriteUseAsync(ITransaction tx, string hash, DateTimeOffset at)
    {
        // Of two nodes the one that was used first may write last.
        if (await tx.GetAsync(AccountTables.Tokens, hash) is { } token && token.UsedAt < at)
            tx.Put(AccountTables.Tokens, token with { UsedAt = at });
        return true;
    }

    /// <returns>Those that are not dead: another node has served them, and its word of it was lost.</returns>
    private static async ValueTask<IReadOnlyList<Token>> DeleteAsync(ITransaction tx, IReadOnlyList<string> hashes)
    {
        await tx.ForeseeAsync([.. hashes.Select(hash => ((ITable)AccountTables.Tokens, hash))]);
        var living = new List<Token>();
        foreach (var hash in hashes)
        {
            if (await tx.GetAsync(AccountTables.Tokens, hash) is { } token && token.IsAlive(tx.Now - Token.UseGrain))
                living.Add(token);
            else
                tx.Delete(AccountTables.Tokens, hash);
        }
        return living;
    }

    private static async ValueTask<int> RemoveOldCodesAsync(ITransaction tx)
    {
        // Two days back, so that no code that still lives is of a day that is over.
        var lastDay = Codes.DayOf(tx.Now - TimeSpan.FromDays(2));
        var old = await tx.ListAsync(AccountTables.CodesByDay, new KeyRange("", lastDay), Slice);
        foreach (var codes in old)
            tx.Delete(AccountTables.Codes, codes.Phone.ToString());
        return old.Count;
    }
}
