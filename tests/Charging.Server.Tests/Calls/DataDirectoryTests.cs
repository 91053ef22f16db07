using Charging.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Charging.Server.Tests.Calls;

/// <summary>Whose eyes the data is for.</summary>
public sealed class DataDirectoryTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("charging-modes-");

    private string Data => Path.Combine(_directory.FullName, "new", "data");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task A_data_directory_that_is_made_and_what_is_in_it_are_for_their_owner_alone()
    {
        if (OperatingSystem.IsWindows())
            return;
        await using var app = await StartAsync();

        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Data));
        foreach (var file in Directory.GetFiles(Data))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Empty(Warnings(app));
    }

    [Fact]
    public async Task A_start_on_a_directory_or_a_file_that_is_open_to_others_warns_and_changes_nothing()
    {
        if (OperatingSystem.IsWindows())
            return;
        await using (await StartAsync())
        {
        }
        File.SetUnixFileMode(Data, OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.GroupExecute);
        File.SetUnixFileMode(Path.Combine(Data, "operator.key"), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        await using var app = await StartAsync();

        Assert.Equal([$"{Data} is open to other users of this machine (mode 750)", $"{Path.Combine(Data, "operator.key")} is open to other users of this machine (mode 404)"], Warnings(app));
        Assert.Equal(OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.GroupExecute, File.GetUnixFileMode(Data));
    }

    private Task<ChargingApp> StartAsync() => ChargingApp.StartAsync(new ChargingAppOptions { Settings = [$"--Charging:DataDirectory={Data}"] });

    private static IEnumerable<string> Warnings(ChargingApp app) => app.Log.Records
        .Where(record => record.Level == LogLevel.Warning && record.Message.Contains("open to other users", StringComparison.Ordinal))
        .Select(record => record.Message[..(record.Message.IndexOf(')') + 1)]);
}
