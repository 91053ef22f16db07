using System.Globalization;

namespace Charging.Testing;

/// <summary>
/// A wall clock for processes, which is set while they run (libfaketime). Their monotonic clock and what they wait by are the
/// machine's.
/// </summary>
public sealed class FakeMachineClock : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"charging-clock-{Guid.NewGuid():N}");

    /// <summary>Makes one that is right.</summary>
    public FakeMachineClock() => Set(TimeSpan.Zero);

    /// <summary>What a process that is started with it has in its environment.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["LD_PRELOAD"] = Library,
        ["FAKETIME_TIMESTAMP_FILE"] = _file,
        ["FAKETIME_NO_CACHE"] = "1",
        ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        ["NO_FAKE_STAT"] = "1",
    };

    /// <summary>Sets it to so much more, or less, than the machine's.</summary>
    public void Set(TimeSpan lead)
    {
        // At once: a process may read it at any moment.
        var next = _file + ".next";
        File.WriteAllText(next, lead.TotalSeconds.ToString("+0;-0;+0", CultureInfo.InvariantCulture));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(next, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        File.Move(next, _file, overwrite: true);
    }

    /// <inheritdoc/>
    public void Dispose() => File.Delete(_file);

    private static string Library => Directory.EnumerateFiles("/usr/lib", "libfaketimeMT.so.1", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true })
        .FirstOrDefault() ?? throw new InvalidOperationException("libfaketime is not here: install the package that Debian calls faketime.");
}
