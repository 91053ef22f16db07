using Charging.Server.Operations;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Grpc.Core;

namespace Charging.Server.Moving;

/// <summary>What is done to the store of a server that serves nobody, one thing at a time.</summary>
internal sealed class MoveDesk(IStore store, Restores restores, LedgerCheck check, LedgerOptions ledger, Changes changes)
{
    private const string Subject = "store:all";

    private int _busy;

    /// <summary>Does something while nothing else is done.</summary>
    /// <exception cref="RpcException">Something else is.</exception>
    public async Task<T> AloneAsync<T>(Func<Task<T>> work)
    {
        if (Interlocked.Exchange(ref _busy, 1) == 1)
            throw Refusal.Conflict("Another export or import runs: wait for its end.");
        try
        {
            return await work();
        }
        catch (StoreUnavailableException e)
        {
            // Here it is the operator who must know why.
            throw Refusal.Of(StatusCode.Unavailable, e.Message, Reasons.Unavailable);
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    /// <summary>Insists that the store is whole and the true one, and that this program knows all of it.</summary>
    /// <remarks>One that has nothing is surely not the one that was to be moved.</remarks>
    public async Task CheckWholeAsync(CancellationToken cancellationToken)
    {
        RefuseACopy(await store.RunAsync(tx => tx.GetAsync(MoveMark.Table, MoveMark.Key), cancellationToken));
        // That it was restored is not in all of its tables before the first start.
        if (restores.Pending is not null)
            throw Refusal.Conflict("This store was restored from a backup, and no admin has accepted that: start the server without Charging:Store:Moving and run 'chargectl restore accept' first.");
        if (store.UnknownTables.Count > 0)
            throw Refusal.Conflict($"This store has tables that this server does not know ({string.Join(", ", store.UnknownTables)}), and they would be lost: export it with the newer version that made them.");
        if ((await StoreReading.FilledAsync(store, cancellationToken)).Count == 0)
            throw Refusal.Conflict("This store is empty, so it is surely not the one that is to be moved: start this server with the settings of the one that served (Charging:DataDirectory, or Charging:Store:Engine and ConnectionString).");
    }

    /// <summary>Imports, and lets the store be served once all of it was found to be there, unless it was a trial.</summary>
    public async Task<(MoveSums Sums, bool IsTrial)> ImportAsync(IAsyncEnumerable<ReadOnlyMemory<byte>> parts, Func<ImportProgress, Task> progress, ServerCallContext context)
    {
        var (sums, isTrial) = await new StoreImport(store, check, ledger).RunAsync(parts, progress, context.CancellationToken);
        return await changes.MakeAsync(context, new Deed(Subject, ""), tx =>
        {
            if (isTrial)
                tx.Put(MoveMark.Table, new MoveMark { State = MoveState.Trial, At = tx.Now });
            else
                tx.Delete(MoveMark.Table, MoveMark.Key);
            return ValueTask.FromResult(new Made<(MoveSums, bool)>((sums, isTrial), $"Imported {sums.Tables.Values.Sum(table => table.Rows)} rows{(isTrial ? " of a trial" : "")}."));
        });
    }

    /// <summary>Writes down that the store lives on elsewhere, so that nobody serves this one.</summary>
    /// <returns>Since when.</returns>
    public Task<DateTimeOffset> MarkMovedAsync(string reason, ServerCallContext context) => changes.MakeAsync(context, new Deed(Subject, reason), async tx =>
    {
        RefuseACopy(await tx.GetAsync(MoveMark.Table, MoveMark.Key));
        tx.Put(MoveMark.Table, new MoveMark { State = MoveState.Moved, At = tx.Now });
        return new Made<DateTimeOffset>(tx.Now, "Moved: it is not served here any more.");
    });

    /// <summary>Lets the store be served here again.</summary>
    public Task<bool> ReopenAsync(string reason, ServerCallContext context) => changes.MakeAsync(context, new Deed(Subject, reason), async tx =>
    {
        RefuseACopy(await tx.GetAsync(MoveMark.Table, MoveMark.Key));
        tx.Delete(MoveMark.Table, MoveMark.Key);
        return new Made<bool>(true, "It may be served here again.");
    });

    private static void RefuseACopy(MoveMark? mark)
    {
        if (mark is { State: MoveState.Trial })
            throw Refusal.Conflict("What was imported into this store is a trial, and the store that it was taken from is the true one: import an export that was made without --trial.");
        if (mark is { State: MoveState.Importing })
            throw Refusal.Conflict("What is in this store is a part, for an import did not come to its end: import again.");
    }
}
