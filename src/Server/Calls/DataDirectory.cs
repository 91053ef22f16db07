namespace Charging.Server.Calls;

/// <summary>The folder of `Charging:DataDirectory`: it holds riders' phones and what they paid, and the operator key.</summary>
internal static partial class DataDirectory
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes it, for this user alone, if it is not there.</summary>
    /// <exception cref="StartupException">It cannot be made.</exception>
    public static void Make(string folder)
    {
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(folder);
            else
                Directory.CreateDirectory(folder, OwnerOnly);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The folder {folder} (setting Charging:DataDirectory) cannot be made: give this user write access to its parent, or name another.", e);
        }
    }

    /// <summary>Warns of what other users of the machine can reach in it, and of itself. Whoever gave those rights keeps them.</summary>
    public static void WarnIfOpen(string folder, ILogger logger)
    {
        if (OperatingSystem.IsWindows())
            return;
        foreach (var path in (string[])[folder, .. Directory.GetFiles(folder, "charging.*"), .. Directory.GetFiles(folder, "operator.key")])
        {
            if (File.GetUnixFileMode(path) is var mode && (mode & ~OwnerOnly) != 0)
                LogOpen(logger, Path.GetFullPath(path), Convert.ToString((int)mode, 8));
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} is open to other users of this machine (mode {Mode}): it holds data of riders, or keys. Run 'chmod go= {Path}'.")]
    private static partial void LogOpen(ILogger logger, string path, string mode);
}
