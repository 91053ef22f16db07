using System.Globalization;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Moving;

/// <summary>
/// Refuses to serve a store that lives on elsewhere, or a part of one: two servers would act on the same orders, or riders
/// would lose theirs. The first of the hosted services; and asked again when the link to a store that is shared was cut.
/// </summary>
internal sealed class MoveGuard(IStore store, IHostApplicationLifetime lifetime) : IHostedService
{
    private volatile string? _complaint;

    /// <inheritdoc/>
    /// <exception cref="StartupException">The store must not be served.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (await WhyNotAsync(cancellationToken) is { } why)
            throw new StartupException(why);
    }

    /// <summary>Why the store must not be served, in a sentence; null when it may.</summary>
    public async Task<string?> WhyNotAsync(CancellationToken cancellationToken) =>
        await store.RunAsync(tx => tx.GetAsync(MoveMark.Table, MoveMark.Key), cancellationToken) is { } mark ? Refusal(mark) : null;

    /// <summary>Stops the server: the store must not be served any more.</summary>
    public void Stop(string complaint)
    {
        _complaint = complaint;
        lifetime.StopApplication();
    }

    /// <summary>Insists that the server was not stopped for its store.</summary>
    /// <exception cref="StartupException">It was, with what a start would have been refused with.</exception>
    public void Check()
    {
        if (_complaint is { } complaint)
            throw new StartupException(complaint);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static string Refusal(MoveMark mark) => mark.State switch
    {
        MoveState.Importing => "An import into this store did not come to its end, and what is there is a part: start the server with Charging:Store:Moving=true and run 'chargectl import' again.",
        MoveState.Trial => "What was imported into this store is a trial, and the store that it was taken from is the true one: start the server with Charging:Store:Moving=true, and run 'chargectl import' with an export that was made without --trial.",
        _ => string.Create(CultureInfo.InvariantCulture, $"This store was exported on {mark.At:yyyy-MM-dd HH:mm} UTC and lives on elsewhere: start the server there. If the move was given up, start it with Charging:Store:Moving=true and run 'chargectl reopen'."),
    };
}
