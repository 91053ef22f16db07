using System.Diagnostics;
using Charging.Server.Tests.Piles;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Calls;

/// <summary>`deploy/charging.service`, as far as it can be tried without systemd.</summary>
public sealed class SystemdUnitTests
{
    // A user such as DynamicUser makes: no name and no home directory that the machine knows of.
    private static readonly string[] AsNobodyKnown = ["--user", "--map-user=64974", "--", "env", "--ignore-environment"];

    [Fact]
    public async Task The_server_speaks_TLS_as_a_user_whom_the_machine_does_not_know()
    {
        using (var tried = Process.Start("unshare", [.. AsNobodyKnown, "true"]))
        {
            await tried.WaitForExitAsync();
            Assert.SkipUnless(tried.ExitCode == 0, "This machine lets nobody but root make user namespaces: run this test as root.");
        }
        var folder = Directory.CreateTempSubdirectory("charging-unit-");
        var (_, certificate) = TestAuthority.Make(folder.FullName);
        string[] server =
        [
            "dotnet", typeof(Program).Assembly.Location, $"--Charging:DataDirectory={folder.FullName}",
            "--Charging:Payment:Provider=Sandbox", "--Charging:AllowSandbox=true", "--Charging:Sms:Provider=Console",
            "--Kestrel:Endpoints:Http:Url=http://127.0.0.1:0", "--Kestrel:Endpoints:Grpc:Url=http://127.0.0.1:0", "--Kestrel:Endpoints:Mqtt:Url=https://127.0.0.1:0",
            $"--Kestrel:Certificates:Default:Path={certificate}", $"--Kestrel:Certificates:Default:KeyPath={certificate}",
        ];
        using var process = Process.Start(new ProcessStartInfo("unshare", [.. AsNobodyKnown, $"PATH={Environment.GetEnvironmentVariable("PATH")}", .. UnitEnvironment(), .. server])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        var listens = false;
        while (!listens && await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)) is { } line)
            listens = line.Contains("Mqtt on https://127.0.0.1:", StringComparison.Ordinal);
        process.Kill();
        Assert.True(listens, await error);
        await process.WaitForExitAsync();
        folder.Delete(recursive: true);
    }

    private static IEnumerable<string> UnitEnvironment() => File
        .ReadLines(Path.Combine(ForeignPileTests.Root(AppContext.BaseDirectory), "deploy", "charging.service"))
        .Where(line => line.StartsWith("Environment=", StringComparison.Ordinal))
        .Select(line => line["Environment=".Length..]);
}
