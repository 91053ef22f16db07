namespace Charging.Client.Cli;

/// <summary>Files for their owner's eyes: they hold riders' phones, and the hashes of keys.</summary>
internal static class PrivateFile
{
    /// <summary>Makes a file, or empties the one that is there.</summary>
    public static FileStream Create(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, options);
    }
}
