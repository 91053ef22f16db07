using Charging.Server.Operations;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Grpc.Core;

namespace Charging.Server.Moving;

/// <summary>What an import does, and how far it is.</summary>
/// <param name="Stage">What it does.</param>
/// <param name="Rows">How many rows it has done that to.</param>
internal sealed record ImportProgress(ImportStage Stage, long Rows);

/// <summary>What an import does, one after the other.</summary>
internal enum ImportStage
{
    /// <summary>Rows are taken in.</summary>
    Writing,

    /// <summary>They are read again and compared.</summary>
    Comparing,

    /// <summary>The ledger is checked.</summary>
    CheckingLedger,
}

/// <summary>
/// Puts an export into a store that has nothing. The store is marked from before the first row until all of it was read again
/// and compared: whoever finds the mark knows that what is there is a part, and serves none of it.
/// </summary>
internal sealed class StoreImport(IStore store, LedgerCheck check, LedgerOptions ledger)
{
    private const int Slice = 200;

    // On LiteDB they make one batch, on PostgreSQL they run side by side.
    private const int AtOnce = 8;

    /// <summary>Takes in the whole of an export and checks it. The store stays marked.</summary>
    /// <param name="parts">The export.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <exception cref="RpcException">It is refused, and nothing of it is there.</exception>
    public async Task<(MoveSums Sums, bool IsTrial)> RunAsync(IAsyncEnumerable<ReadOnlyMemory<byte>> parts, Func<ImportProgress, Task> progress, CancellationToken cancellationToken)
    {
        var begun = false;
        using var reader = new MoveReader();
        try
        {
            await foreach (var batch in BatchesAsync(parts, reader, cancellationToken))
            {
                if (!begun)
                    await BeginAsync(cancellationToken);
                begun = true;
                await progress(new ImportProgress(ImportStage.Writing, await WriteAsync(batch, cancellationToken)));
            }
            var sums = reader.Sums;
            if (!begun)
                await BeginAsync(cancellationToken);
            begun = true;
            await CompareAsync(sums, progress, cancellationToken);
            await CheckLedgerAsync(progress, cancellationToken);
            // Last, for it is not taken back.
            await RaiseAsync(sums.Numbers, cancellationToken);
            return (sums, reader.Header!.Trial);
        }
        catch (Exception e)
        {
            if (begun)
                await UndoAsync();
            if (e is BadMoveException)
                throw Refusal.Of(StatusCode.InvalidArgument, $"{e.Message} Nothing was imported.", Reasons.FieldInvalid);
            throw;
        }
    }

    private long _written;

    private static async IAsyncEnumerable<List<(ITable Table, object Entity)>> BatchesAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> parts, MoveReader reader, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var batch = new List<(ITable, object)>();
        await foreach (var part in parts.WithCancellation(cancellationToken))
        {
            batch.AddRange(reader.Take(part));
            if (batch.Count < Slice * AtOnce)
                continue;
            yield return batch;
            batch = [];
        }
        if (batch.Count > 0)
            yield return batch;
    }

    /// <summary>Marks the store, which must have nothing but what an import has left that was cut off, or that was a trial.</summary>
    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        var mark = await store.RunAsync(tx => tx.GetAsync(MoveMark.Table, MoveMark.Key), cancellationToken);
        if (mark?.State is not (MoveState.Importing or MoveState.Trial))
        {
            // What a server has that never served is replaced.
            if (await StoreReading.FilledAsync(store, cancellationToken) is { Count: > 0 } full)
                throw Refusal.Conflict($"This store is not empty, it has rows in {string.Join(", ", full)}: start the server on a new database, or in an empty Charging:DataDirectory. Nothing was changed.");
        }
        await store.RunAsync(
            tx =>
            {
                tx.Put(MoveMark.Table, new MoveMark { State = MoveState.Importing, At = tx.Now });
                return ValueTask.FromResult(true);
            },
            cancellationToken);
        await EmptyAsync(cancellationToken);
    }

    private async Task<long> WriteAsync(List<(ITable Table, object Entity)> batch, CancellationToken cancellationToken)
    {
        await Task.WhenAll(batch.Where(row => MoveFile.IsMoved(row.Entity)).Chunk(Slice).Select(rows => store.RunAsync(
            tx =>
            {
                foreach (var (table, entity) in rows)
                    table.Put(tx, entity);
                return ValueTask.FromResult(true);
            },
            cancellationToken)));
        return _written += batch.Count;
    }

    private Task RaiseAsync(IReadOnlyDictionary<string, long> numbers, CancellationToken cancellationToken) => store.RunAsync(
        async tx =>
        {
            foreach (var (sequence, given) in numbers)
                await tx.RaiseNumberAsync(sequence, given);
            return true;
        },
        cancellationToken);

    /// <summary>Reads all of it again, and insists that the store comes to what the other one came to.</summary>
    private async Task CompareAsync(MoveSums sums, Func<ImportProgress, Task> progress, CancellationToken cancellationToken)
    {
        var reading = new StoreReading(store);
        await foreach (var _ in reading.ReadAsync(cancellationToken))
            await progress(new ImportProgress(ImportStage.Comparing, reading.Rows));
        var own = reading.Sums(sums.Numbers);
        foreach (var table in sums.Tables.Keys.Union(own.Tables.Keys))
        {
            var (there, here) = (sums.Tables.GetValueOrDefault(table), own.Tables.GetValueOrDefault(table));
            // A table that is younger than the export has no rows.
            if (there != here && (there is not null || here!.Rows > 0))
                throw new BadMoveException($"The table {table} has {here?.Rows ?? 0} rows here and {there?.Rows ?? 0} in the export, or they are not the same.");
        }
        if (own.Ledger != sums.Ledger)
            throw new BadMoveException($"The ledger comes to {own.Ledger} here and to {sums.Ledger} in the export.");
    }

    private async Task CheckLedgerAsync(Func<ImportProgress, Task> progress, CancellationToken cancellationToken)
    {
        await foreach (var step in check.RunAsync(cancellationToken))
        {
            if (step.Findings.Count > 0 && !ledger.StartAnyway)
                throw new BadMoveException($"The ledger does not add up: {step.Findings[0].Sentence} See to it where the export was taken (chargectl ledger check), or set Charging:Ledger:StartAnyway to true here.");
            await progress(new ImportProgress(ImportStage.CheckingLedger, step.Entries + step.Rows));
        }
    }

    /// <summary>Leaves nothing, though the caller is gone. If the store fails too, the mark stays.</summary>
    private async Task UndoAsync()
    {
        await EmptyAsync(CancellationToken.None);
        await store.RunAsync(tx =>
        {
            tx.Delete(MoveMark.Table, MoveMark.Key);
            return ValueTask.FromResult(true);
        });
    }

    private async Task EmptyAsync(CancellationToken cancellationToken)
    {
        foreach (var table in MoveFile.Moved)
        {
            // On PostgreSQL what was deleted is still walked over for a while, so each slice begins behind the one before.
            for (var from = ""; from is not null;)
                from = await store.RunAsync(tx => EmptyAsync(tx, table, from), cancellationToken);
        }
    }

    /// <summary>Deletes the next rows.</summary>
    /// <returns>From where to go on; null at the end.</returns>
    private static async ValueTask<string?> EmptyAsync(ITransaction tx, ITable table, string from)
    {
        var rows = await table.ListAsync(tx, from);
        foreach (var row in rows.Where(MoveFile.IsMoved))
            table.Delete(tx, table.KeyOf(row));
        return rows.Count > 0 ? StoreReading.Behind(table, rows[^1]) : null;
    }
}
