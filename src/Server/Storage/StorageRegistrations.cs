namespace Charging.Server.Storage;

/// <summary>How features join the store.</summary>
public static class StorageRegistrations
{
    /// <summary>Adds an in-memory index that follows the store.</summary>
    public static void AddObserver<T>(this IServiceCollection services)
        where T : class, IStoreObserver
    {
        services.AddSingleton<T>();
        services.AddSingleton<IStoreObserver>(provider => provider.GetRequiredService<T>());
    }

    /// <summary>Adds what does one kind of due row.</summary>
    public static void AddDue<T>(this IServiceCollection services)
        where T : class, IDueHandler
    {
        services.AddSingleton<T>();
        services.AddSingleton<IDueHandler>(provider => provider.GetRequiredService<T>());
    }
}
