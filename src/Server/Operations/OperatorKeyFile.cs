using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Operations;

/// <summary>
/// Keeps the first operator key in a file beside the data, for whoever runs the server. What the file holds is what is
/// valid: without it a new key is made and the former one is dead. Who can write there owns the server anyway.
/// </summary>
public sealed partial class OperatorKeyFile(IStore store, ServerOptions options, ILogger<OperatorKeyFile> logger) : IHostedService
{
    /// <summary>Name of the file in the data directory.</summary>
    public const string Name = "operator.key";

    /// <summary>What its key is known by.</summary>
    public const string Id = "file";

    /// <inheritdoc/>
    /// <exception cref="StartupException">The file cannot be read or written, or holds something else.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var hash = OperatorKey.HashOf(ReadOrMake());
        var isReplaced = await store.RunAsync(
            async tx =>
            {
                var known = await tx.GetAsync(OperatorKeys.Table, Id);
                if (known?.Hash != hash)
                    tx.Put(OperatorKeys.Table, new OperatorKey { Id = Id, Name = Name, Hash = hash, Role = OperatorRole.Admin, CreatedAt = tx.Now });
                return known is not null && known.Hash != hash;
            },
            cancellationToken);
        if (isReplaced && store.IsShared)
            LogReplaced(Path.GetFullPath(Path.Combine(options.DataDirectory, Name)));
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private string ReadOrMake()
    {
        var path = Path.GetFullPath(Path.Combine(options.DataDirectory, Name));
        try
        {
            return File.Exists(path) ? Read(path) : Make(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The operator key {path} cannot be read or made: give this user access to the folder of Charging:DataDirectory.", e);
        }
    }

    private static string Read(string path)
    {
        var text = File.ReadAllText(path).Trim();
        return text.Length == OperatorKey.TextLength && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
            ? text
            : throw new StartupException($"{path} holds no operator key: delete it and start again, then a new one is made and the former one is dead.");
    }

    private string Make(string path)
    {
        var text = OperatorKey.NewText();
        var draft = path + ".new";
        var file = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            file.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(draft, file))
            writer.WriteLine(text);
        // Whole or not at all, so that a crash leaves no half a key.
        File.Move(draft, path, overwrite: true);
        LogMade(path);
        return text;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The operator key in {Path} is the valid one from now on, and that of the other nodes is dead: give all nodes this file.")]
    private partial void LogReplaced(string path);

    [LoggerMessage(Level = LogLevel.Information, Message = "A new operator key is in {Path}: chargectl takes it from --key-file or CHARGECTL_KEY.")]
    private partial void LogMade(string path);
}
