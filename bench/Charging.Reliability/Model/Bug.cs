using Charging.Server.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Charging.Reliability.Model;

/// <summary>A bug that is planted around the product, to show that the runs find it. The product has no switch for it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Apply">Puts it between the server's services.</param>
public sealed record Bug(string Name, Action<IServiceCollection> Apply)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>Ways to put something between the server's services.</summary>
internal static class Planting
{
    /// <summary>Puts something around a port, for the whole server.</summary>
    public static void Around<T>(this IServiceCollection services, Func<IServiceProvider, T, T> around)
        where T : class
    {
        var port = services.Last(descriptor => descriptor.ServiceType == typeof(T));
        services.AddSingleton(provider => around(provider, (T)(port.ImplementationInstance
            ?? port.ImplementationFactory?.Invoke(provider)
            ?? ActivatorUtilities.CreateInstance(provider, port.ImplementationType!))));
    }

    /// <summary>Gives one part of the server a store with a bug.</summary>
    public static void Give<T>(this IServiceCollection services, Func<IServiceProvider, IStore, IStore> around)
        where T : class =>
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<T>(provider, around(provider, provider.GetRequiredService<IStore>())));
}

/// <summary>A store whose transactions have a bug.</summary>
internal sealed class BuggyStore(IStore store, Func<ITransaction, ITransaction> plant) : IStore
{
    public Task<TResult> RunAsync<TResult>(Func<ITransaction, ValueTask<TResult>> operation, CancellationToken cancellationToken = default) =>
        store.RunAsync(tx => operation(plant(tx)), cancellationToken);
}

/// <summary>A transaction with a bug: what it reads, or what it writes, is not what there is.</summary>
internal class BuggyTransaction(ITransaction tx) : ITransaction
{
    public DateTimeOffset Now => tx.Now;

    public async ValueTask<T?> GetAsync<T>(Table<T> table, string key)
        where T : class => (T?)Read(key, await tx.GetAsync(table, key));

    public ValueTask<IReadOnlyList<T>> ListAsync<T>(Index<T> index, KeyRange range, int limit)
        where T : class => tx.ListAsync(index, range, limit);

    public void Put<T>(Table<T> table, T entity)
        where T : class
    {
        if (Written(entity) is T written)
            tx.Put(table, written);
    }

    public virtual void Delete<T>(Table<T> table, string key)
        where T : class => tx.Delete(table, key);

    public ValueTask<long> NextNumberAsync(string sequence) => tx.NextNumberAsync(sequence);

    public ValueTask RaiseNumberAsync(string sequence, long given) => tx.RaiseNumberAsync(sequence, given);

    /// <summary>The transaction without the bug.</summary>
    protected ITransaction Tx => tx;

    /// <summary>What is read in the place of what there is.</summary>
    protected virtual object? Read(string key, object? entity) => entity;

    /// <summary>What is written in the place of what should be; null when nothing is.</summary>
    protected virtual object? Written(object entity) => entity;
}
