namespace Charging.Server.Storage.LiteDb;

/// <summary>Opens the store's file for the thread that is to own it, and says in a sentence why it cannot be opened.</summary>
internal sealed class LiteDbOpener(
    IDisk disk, string directory, IReadOnlyList<ITable> tables, IReadOnlyList<Migration> migrations, bool barrier)
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
            Migrator.Run(engine, tables, migrations);
            if (engine.IsRestored)
                engine.SkipNumbers();
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
