using System.Runtime.InteropServices;
using LiteDB;

namespace Charging.Server.Storage.LiteDb;

/// <summary>Opens the store's file for the thread that is to own it, and says in a sentence why it cannot be opened.</summary>
internal sealed class LiteDbOpener(
    IDisk disk, string directory, IReadOnlyList<ITable> tables, IReadOnlyList<Migration> migrations, bool barrier)
{
    public const string DataName = "charging.db";
    public const string LogName = "charging.log";

    /// <summary>What .NET reports for a file that another process holds: EWOULDBLOCK on Linux and macOS, a sharing violation on Windows.</summary>
    private static readonly int[] LockedResults = [11, 35, unchecked((int)0x80070020)];

    /// <exception cref="StoreOpenException">It cannot be opened.</exception>
    public LiteDbEngine Open()
    {
        try
        {
            return OpenFiles();
        }
        catch (Exception e) when (e is UnauthorizedAccessException or DirectoryNotFoundException)
        {
            throw Refuse("cannot be written; give this user write access to it, or name another directory", e);
        }
        catch (IOException e) when (LockedResults.Contains(e.HResult))
        {
            throw Refuse($"is in use by another process, which holds {DataName}; stop that process, or name another directory", e);
        }
        catch (IOException e)
        {
            throw Refuse("is on a disk that fails; see to its space and its health", e);
        }
        catch (InvalidDataException e)
        {
            throw Refuse($"holds a {DataName} that cannot be used: {e.Message}; restore a backup or use the right version of the program (the file has been left as it is)", e);
        }
        catch (Exception e) when (e is not StoreOpenException)
        {
            // Damaged pages make the engine throw anything, from LiteException to IndexOutOfRange.
            throw Refuse($"holds a {DataName} that is damaged; restore a backup (the file has been left as it is)", e);
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

    private StoreOpenException Refuse(string why, Exception inner) =>
        new($"The directory {directory} (setting Charging:DataDirectory) {why}.", inner);
}
