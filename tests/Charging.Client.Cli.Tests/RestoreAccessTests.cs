using Charging.MqttBroker;
using Charging.PileSimulator;
using Charging.Server.Piles;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.Client.Cli.Tests;

/// <summary>What a restore must not give back unseen: keys, sign-ins and secrets of piles that were taken away after the backup.</summary>
public sealed class RestoreAccessTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("charging-restore-");

    private string Backup => Path.Combine(_directory.FullName, "charging.backup");

    private string Target => Path.Combine(_directory.FullName, "data");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nothing_of_a_backup_is_valid_until_an_admin_accepts_the_restore(bool endSignIns)
    {
        var lost = await BackUpAsync((app, lost) => CtlAsync(app, "piles", "rotate-secret", lost.Device));
        Assert.Contains("restore accept", (await RestoreAsync("--replace")).Output);

        await using (var app = await StartAsync())
        {
            await IsPendingAsync(app, lost);
            var warnings = (await CtlAsync(app, "doctor")).Output;
            Assert.Contains("chargectl restore accept", warnings);
            Assert.Contains($"chargectl piles rotate-secret {lost.Device}", warnings);
            Assert.Contains(app.Log.Records, record => record.Level == LogLevel.Warning && record.Message.Contains(lost.Device, StringComparison.Ordinal));
        }
        await using (var app = await StartAsync())
        {
            await IsPendingAsync(app, lost);

            var accept = await CtlAsync(app, ["restore", "accept", .. endSignIns ? (string[])["--end-sign-ins"] : []]);

            Assert.Equal((0, ""), (accept.ExitCode, accept.Error));
            Assert.Matches($"{lost.KeyId} +night shift", accept.Output);
            Assert.Matches($"old secret is valid again +{lost.Device}", accept.Output);
            Assert.Equal((0, endSignIns ? 401 : 200), ((await WithKeyAsync(app, lost.Key)).ExitCode, (await app.PostAsync("getBalance", null, lost.Token)).Code));
            Assert.DoesNotContain("restore", (await CtlAsync(app, "doctor")).Output);
            Assert.Contains("There is no restore to accept", (await CtlAsync(app, "restore", "accept")).Sentence);
            Assert.Contains("store:restore", (await CtlAsync(app, "audit", "list")).Output);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_taken_away_after_the_backup_stays_so_when_the_restore_is_accepted(bool twice)
    {
        Rider signedOut = null!;
        var lost = await BackUpAsync(
            async (app, lost) =>
            {
                await CtlAsync(app, "keys", "revoke", lost.KeyId);
                await CtlAsync(app, "users", "block", lost.Phone, "--reason", "fraud");
                Assert.Equal(200, (await signedOut.PostAsync("logout")).Code);
            },
            async app => signedOut = await app.RegisterAsync());
        await RestoreAsync("--replace");
        if (twice)
        {
            // Of the same second they would have one name.
            foreach (var file in Directory.GetFiles(Target, "*.before-restore-*"))
                File.Move(file, file.Replace("-restore-2", "-restore-1", StringComparison.Ordinal));
            await RestoreAsync("--replace");
        }
        await using var app = await StartAsync();

        var accept = (await CtlAsync(app, "restore", "accept")).Output;

        Assert.Matches($"revoked after the backup, and still are +{lost.KeyId}", accept);
        Assert.Matches("blocked after the backup, and still are +1 ", accept);
        Assert.Equal(1, (await WithKeyAsync(app, lost.Key)).ExitCode);
        Assert.Equal((401, 401), ((await app.PostAsync("getBalance", null, lost.Token)).Code, (await app.PostAsync("getBalance", null, signedOut.Token)).Code));
        Assert.Contains("1, blocked", (await CtlAsync(app, "users", "show", lost.Phone)).Output);
    }

    [Fact]
    public async Task What_is_made_after_the_restore_is_valid_at_once()
    {
        var lost = await BackUpAsync();
        await RestoreAsync("--replace");
        await using var app = await StartAsync();

        var key = (await CtlAsync(app, "keys", "add", "new", "--role", "Viewer", "--json")).Json.GetProperty("secret").GetString()!;
        await app.SendCodeAsync(lost.Phone, "login");
        var token = (await app.PostAsync("login", new { body = new { phone = lost.Phone, code = app.CodeFor(lost.Phone) } })).Data!.Value.GetString()!;

        Assert.Equal((0, 200), ((await WithKeyAsync(app, key)).ExitCode, (await app.PostAsync("getBalance", null, token)).Code));
        await IsPendingAsync(app, lost);
    }

    [Fact]
    public async Task A_secret_that_was_replaced_since_and_is_still_the_backups_is_warned_of_until_it_is_replaced_again()
    {
        var lost = await BackUpAsync((app, lost) => CtlAsync(app, "piles", "rotate-secret", lost.Device));
        await RestoreAsync("--replace");
        await using var app = await StartAsync();
        Assert.Contains(lost.Device, (await CtlAsync(app, "doctor")).Output);

        await CtlAsync(app, "piles", "rotate-secret", lost.Device);

        Assert.DoesNotContain(lost.Device, (await CtlAsync(app, "doctor")).Output);
    }

    /// <summary>On a new machine there is nothing to compare with; but the pile comes with the secret that it was given.</summary>
    [Fact]
    public async Task A_pile_that_comes_with_another_secret_than_the_backups_is_warned_of()
    {
        var secret = "";
        var lost = await BackUpAsync(async (app, lost) => secret = (await CtlAsync(app, "piles", "rotate-secret", lost.Device, "--json")).Json.GetProperty("secret").GetString()!);
        Directory.Delete(Target, recursive: true);
        await RestoreAsync();
        await using var app = await StartAsync();
        Assert.DoesNotContain(lost.Device, (await CtlAsync(app, "doctor")).Output);

        await using var pile = new SimulatedPile(new SimulatedPileOptions { DeviceNo = lost.Device, Secret = secret, Port = app.PilePort });
        pile.Start();

        await Retry.Until("the pile was refused", () => app.Services.GetRequiredService<PileAccess>().RefusedSecrets.Any(refused => refused.Device == DeviceNo.Parse(lost.Device)));
        Assert.Contains($"Pile {lost.Device} was refused", (await CtlAsync(app, "doctor")).Output);
    }

    [Fact]
    public async Task A_store_that_was_set_aside_and_is_damaged_is_said_to_be_not_compared()
    {
        var lost = await BackUpAsync();
        await RestoreAsync("--replace");
        var aside = Directory.GetFiles(Target, "charging.db.before-restore-*").Single();
        await File.WriteAllBytesAsync(aside, new byte[100_000]);
        await using var app = await StartAsync();

        await IsPendingAsync(app, lost);
        Assert.Contains("could not be compared", (await CtlAsync(app, "restore", "accept")).Output);
        Assert.Equal(100_000, new FileInfo(aside).Length);
    }

    [Fact]
    public async Task A_store_of_another_server_that_was_set_aside_takes_nothing_away()
    {
        var lost = await BackUpAsync();
        Directory.Delete(Target, recursive: true);
        await using (var other = await StartAsync())
            await other.RegisterAsync();
        await RestoreAsync("--replace");
        await using var app = await StartAsync();

        await IsPendingAsync(app, lost);
        Assert.Contains("could not be compared", (await CtlAsync(app, "restore", "accept")).Output);
        Assert.Equal(200, (await app.PostAsync("getBalance", null, lost.Token)).Code);
    }

    [Fact]
    public async Task Nothing_of_a_backup_is_valid_on_a_machine_whose_clock_is_behind()
    {
        var lost = await BackUpAsync();
        await RestoreAsync("--replace");
        await using var app = await StartAsync(new FakeTimeProvider(DateTimeOffset.UtcNow - TimeSpan.FromDays(1)));

        await IsPendingAsync(app, lost);
        Assert.Contains(lost.KeyId, (await CtlAsync(app, "restore", "accept", "--end-sign-ins")).Output);
        Assert.Equal((0, 401), ((await WithKeyAsync(app, lost.Key)).ExitCode, (await app.PostAsync("getBalance", null, lost.Token)).Code));
    }

    [Fact]
    public async Task A_server_that_was_never_restored_has_nothing_to_accept()
    {
        await using var app = await StartAsync();
        Assert.Contains("There is no restore to accept", (await CtlAsync(app, "restore", "accept")).Sentence);
    }

    /// <summary>The key and the token of the backup open nothing, and that of the file does.</summary>
    private async Task IsPendingAsync(ChargingApp app, Lost lost)
    {
        var refused = await WithKeyAsync(app, lost.Key);
        Assert.Equal((1, true), (refused.ExitCode, refused.Sentence.Contains("restore accept", StringComparison.Ordinal)));
        Assert.Equal(401, (await app.PostAsync("getBalance", null, lost.Token)).Code);
        Assert.Equal(0, (await CtlAsync(app, "keys", "list")).ExitCode);
    }

    /// <summary>Takes a backup of a server with a key, a rider and a pile, after which something else happens.</summary>
    private async Task<Lost> BackUpAsync(Func<ChargingApp, Lost, Task>? after = null, Func<ChargingApp, Task>? before = null)
    {
        await using var app = await StartAsync();
        var key = (await CtlAsync(app, "keys", "add", "night shift", "--role", "Viewer", "--json")).Json;
        var rider = await app.RegisterAsync();
        var device = ChargingApp.NewDeviceNo();
        await app.RegisterPileAsync(device);
        if (before is not null)
            await before(app);
        var lost = new Lost(key.GetProperty("key").GetProperty("keyId").GetString()!, key.GetProperty("secret").GetString()!, rider.Phone, rider.Token, device);
        Assert.Equal(0, (await CtlAsync(app, "backup", Backup)).ExitCode);
        if (after is not null)
            await after(app, lost);
        return lost;
    }

    private async Task<CtlRun> RestoreAsync(params string[] options)
    {
        var run = await Ctl.RunAsync(["restore", Backup, "--data-directory", Target, .. options]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        return run;
    }

    private Task<ChargingApp> StartAsync(TimeProvider? clock = null) => ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock ?? TimeProvider.System, Settings = [$"--Charging:DataDirectory={Target}", $"--Charging:Store:AcceptClock={clock is not null}"] });

    private Task<CtlRun> CtlAsync(ChargingApp app, params string[] args) =>
        Ctl.RunAsync([.. args, "--address", app.Address(), "--key-file", Path.Combine(Target, "operator.key")]);

    private async Task<CtlRun> WithKeyAsync(ChargingApp app, string key)
    {
        var file = Path.Combine(_directory.FullName, "other.key");
        await File.WriteAllTextAsync(file, key);
        return await Ctl.RunAsync(["piles", "list", "--address", app.Address(), "--key-file", file]);
    }

    /// <summary>What is in the backup.</summary>
    private sealed record Lost(string KeyId, string Key, string Phone, string Token, string Device);
}
