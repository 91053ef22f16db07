using Charging.Server.Payments;
using Charging.Server.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Charging.Testing;

/// <summary>Insists on what must hold of money, plugs and orders at every moment (<see cref="Books"/>).</summary>
public static class MoneyCheck
{
    /// <summary>Reads everything in one operation and insists on the invariants.</summary>
    /// <param name="app">The app.</param>
    /// <param name="knowsBooks">Whether the sandbox has seen every payment: not after a restart, which empties its books.</param>
    /// <exception cref="InvalidOperationException">With everything that does not hold.</exception>
    public static async Task CheckInvariantsAsync(this ChargingApp app, bool knowsBooks = true)
    {
        var provider = knowsBooks ? new ProviderBooks(app.Provider.Payments, app.Provider.Refunds) : null;
        var store = app.Services.GetRequiredService<IStore>();
        var faults = await FaultsAsync(store, provider);
        await foreach (var progress in new LedgerCheck(store).RunAsync())
            faults.AddRange(progress.Findings.Select(finding => finding.Sentence));
        if (faults.Count > 0)
            throw new InvalidOperationException($"Invariants do not hold:\n{string.Join('\n', faults)}");
    }

    /// <summary>What does not hold, in sentences; empty when everything does. Reads everything in one operation.</summary>
    /// <param name="store">The store.</param>
    /// <param name="provider">The provider's own books, which must agree; null when they do not know everything.</param>
    public static Task<List<string>> FaultsAsync(IStore store, ProviderBooks? provider = null) => store.RunAsync(async tx =>
    {
        var books = await Books.ReadAsync(tx);
        return books.Faults().Concat(provider is null ? [] : books.ProviderHasOtherBooks(provider)).ToList();
    });
}
