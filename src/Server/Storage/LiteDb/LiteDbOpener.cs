namespace Charging.Server.Storage.LiteDb;

/// <summary>Opens the store's file for the thread that is to own it, and says in a sentence why it cannot be opened.</summary>
internal sealed class LiteDbOpener(
    IDisk disk, string directory, IReadOnlyList<ITable> tables, IReadOnlyList<Migration> migrations, bool barrier, TimeProvider? clock = null)
{
    public const string DataName = "charging.db";
    public const string LogName = "charging.log";

    /// <exception cref="StoreOpenException">It cannot be opened.</exception>
    public LiteDbEngine Open()
    {
        try
        {
            return OpenFiles();
        }
        catch (Exception e)
        {
            throw new StoreOpenException($"The directory {directory} (setting Charging:DataDirectory) {LiteDbFailure.Why(e)}.", e);
        }
    }

    private LiteDbEngine OpenFiles()
    {
        var data = disk.Open(DataName);
        IBlockFile? log = null;
        LiteDbEngine? engine = null;
        try
        {
            log = disk.Open(LogName);
            engine = LiteDbEngine.Start(data, new LogFile(log), barrier);
            // Before anything else is written, for the first batch goes over what says that it was restored.
            if (engine.IsRestored)
                engine.BeginAfterRestore((clock ?? TimeProvider.System).GetUtcNow());
            Migrator.Run(engine, tables, migrations);
            return engine;
        }
        catch
        {
            engine?.Dispose();
            log?.Dispose();
            data.Dispose();
            throw;
        }
    }
}
