using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Charging.Client.Cli.Commands;

/// <summary>`restore`: the one command that needs no server, and none may run on the directory.</summary>
internal static class Restore
{
    private const string DataName = "charging.db";
    private const string LogName = "charging.log";

    /// <summary>Tells the server that numbers were given after the backup was taken, and must be leapt over.</summary>
    private const string Mark = "RESTORED";

    private static readonly Argument<string> Source = new("file") { Description = "A file that 'chargectl backup' has written." };

    private static readonly Option<string> Target = new("--data-directory")
    {
        Description = "The server's data directory (Charging:DataDirectory). The server must be stopped.",
        HelpName = "path",
        Required = true,
    };

    private static readonly Option<bool> Replace = new("--replace") { Description = "Sets the store that is there aside, under another name." };

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("restore", "Puts a backup into a data directory, after checking all of it.") { Source, Target, Replace, AcceptRestore.Make() }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var (path, directory) = (session.Parse.GetValue(Source)!, session.Parse.GetValue(Target)!);
        var draft = Path.Combine(directory, DataName + ".restoring");
        try
        {
            PrivateFile.CreateDirectory(directory);
            RefuseUnlessFree(directory, session.Parse.GetValue(Replace));
            var info = await session.WithBarAsync("restoring", done => WriteAsync(path, draft, done, cancel));
            var aside = SetAside(directory);
            // The mark first: with it alone there is no store yet, and without it the store would not know that it is a copy.
            await WriteMarkAsync(Path.Combine(directory, LogName), cancel);
            File.Move(draft, Path.Combine(directory, DataName));
            Tell(session, directory, info, aside);
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{directory} cannot be written: {e.Message.TrimEnd('.')}. Nothing was restored.");
        }
        finally
        {
            if (File.Exists(draft))
                File.Delete(draft);
        }
    }

    private static async Task<BackupInfo> WriteAsync(string path, string draft, Action<double> progress, CancellationToken cancel)
    {
        await using var file = PrivateFile.Create(draft);
        var info = await BackupFile.VerifyAsync(path, pages => file.WriteAsync(pages, cancel).AsTask(), progress, cancel);
        file.Flush(flushToDisk: true);
        return info;
    }

    /// <summary>The server holds its files open alone, so whoever can open them knows that it does not run.</summary>
    private static void RefuseUnlessFree(string directory, bool replace)
    {
        var data = Path.Combine(directory, DataName);
        if (!File.Exists(data))
            return;
        if (!replace)
            throw new CliException($"{directory} holds a store already: name an empty directory, or set it aside with --replace. Nothing was changed.");
        try
        {
            using var alone = new FileStream(data, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new CliException($"{directory} is in use: stop the server first. Nothing was changed.");
        }
    }

    private static string? SetAside(string directory)
    {
        var suffix = DateTime.UtcNow.ToString("'.before-restore-'yyyyMMddHHmmss", CultureInfo.InvariantCulture);
        foreach (var name in new[] { DataName, LogName }.Where(name => File.Exists(Path.Combine(directory, name))))
            File.Move(Path.Combine(directory, name), Path.Combine(directory, name + suffix));
        return File.Exists(Path.Combine(directory, DataName + suffix)) ? DataName + suffix : null;
    }

    private static async Task WriteMarkAsync(string path, CancellationToken cancel)
    {
        await using var file = PrivateFile.Create(path);
        await file.WriteAsync(System.Text.Encoding.ASCII.GetBytes(Mark), cancel);
        file.Flush(flushToDisk: true);
    }

    private static void Tell(Session session, string directory, BackupInfo info, string? aside)
    {
        if (session.Json)
        {
            session.Output.WriteLine(JsonSerializer.Serialize(new { directory, info.TakenAt, info.Bytes, info.ServerVersion, aside }, JsonSerializerOptions.Web));
            return;
        }
        session.Console.Fields(
            ("restored", directory), ("as of", info.TakenAt.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)),
            ("bytes", Format.Number(info.Bytes)), ("set aside", aside ?? Format.None));
        session.Console.Line("Start the server. Until 'chargectl restore accept', only the key of operator.key is valid and riders sign in again; it lists keys and secrets of piles that were changed after the backup, as far as that is known.");
        session.Console.Line("What happened after the backup is not in it: compare the payment provider's bill of that time with 'orders list'.");
    }
}
