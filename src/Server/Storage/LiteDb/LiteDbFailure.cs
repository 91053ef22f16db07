namespace Charging.Server.Storage.LiteDb;

/// <summary>
/// What a failure of the file means, in words for an operator that end a sentence about the data directory. Only a page or a
/// checksum can say that the file is damaged: whoever restores a backup for anything else loses what was paid since.
/// </summary>
internal static class LiteDbFailure
{
    private const string Untouched = $"{LiteDbOpener.DataName} has been left as it is";

    // Numbers of Linux and macOS, then of Windows.
    private static readonly int[] Locked = [11, 35, unchecked((int)0x80070020)];
    private static readonly int[] Full = [28, 69, 122, unchecked((int)0x80070070)];
    private static readonly int[] TooManyFiles = [23, 24, unchecked((int)0x80070004)];

    /// <summary>What it is and what to do.</summary>
    public static string Why(Exception failure) => Cause(failure) switch
    {
        DamagedFileException e => $"holds a {LiteDbOpener.DataName} that is damaged: {e.Message}; restore a backup ({Untouched})",
        OutOfMemoryException => $"cannot be opened with the memory that this process may use ({MemoryMb} MB): give it more, by the limit of its container or service or by DOTNET_GCHeapHardLimit; the file is not at fault ({Untouched})",
        UnauthorizedAccessException or DirectoryNotFoundException => "cannot be written; give this user write access to it, or name another directory",
        FileNotFoundException e => $"lacks {Path.GetFileName(e.FileName)}; put it back, or name another directory",
        IOException e when Locked.Contains(e.HResult) => $"is in use by another process, which holds {LiteDbOpener.DataName}; stop that process, or name another directory",
        IOException e when Full.Contains(e.HResult) => "is on a disk that is full; make room",
        IOException e when TooManyFiles.Contains(e.HResult) => "cannot be opened, because this process has too many files and connections open: raise its limit (LimitNOFILE)",
        IOException e => $"is on a disk that fails ({FirstLine(e)}); see to its space and its health",
        InvalidDataException e => $"holds a {LiteDbOpener.DataName} that cannot be used: {e.Message} ({Untouched})",
        var e => $"holds a {LiteDbOpener.DataName} that this program fails to read ({e.GetType().Name}: {FirstLine(e)}); use the version that wrote it, and report this ({Untouched})",
    };

    /// <summary>Whether it is a fault of the program, for which the log needs more than a sentence.</summary>
    public static bool IsUnknown(Exception failure) =>
        Cause(failure) is not (StoreOpenException or DamagedFileException or OutOfMemoryException or UnauthorizedAccessException or IOException or InvalidDataException);

    // The engine and the store wrap what they meet.
    private static Exception Cause(Exception failure)
    {
        for (var e = failure; e is not null; e = e.InnerException)
        {
            if (e is DamagedFileException or OutOfMemoryException or InvalidDataException)
                return e;
        }
        return failure.GetBaseException();
    }

    private static long MemoryMb => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20;

    private static string FirstLine(Exception e) => e.Message.Split('\n')[0].TrimEnd('.', '\r');
}
