using System.Globalization;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Moving;

/// <summary>
/// Refuses to serve a store that lives on elsewhere, or a part of one: two servers would act on the same orders, or riders
/// would lose theirs. The first of the hosted services.
/// </summary>
internal sealed class MoveGuard(IStore store) : IHostedService
{
    /// <inheritdoc/>
    /// <exception cref="StartupException">The store must not be served.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var mark = await store.RunAsync(tx => tx.GetAsync(MoveMark.Table, MoveMark.Key), cancellationToken);
        if (mark is not null)
            throw new StartupException(Refusal(mark));
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static string Refusal(MoveMark mark) => mark.State == MoveState.Importing
        ? "An import into this store did not come to its end, and what is there is a part: start the server with Charging:Store:Moving=true and run 'chargectl import' again."
        : string.Create(CultureInfo.InvariantCulture, $"This store was exported on {mark.At:yyyy-MM-dd HH:mm} UTC and lives on elsewhere: start the server there. If the move was given up, start it with Charging:Store:Moving=true and run 'chargectl reopen'.");
}
