using System.Text.Json;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Client.Cli.Tests;

/// <summary>`backup` and `restore`: one command each way, and no doubt about what there is.</summary>
public sealed class BackupTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("charging-backup-");

    private string Backup => Path.Combine(_directory.FullName, "charging.backup");

    private string Target => Path.Combine(_directory.FullName, "data");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task A_backup_under_load_is_restored_and_every_invariant_holds()
    {
        string[] known;
        // These few riders do what many would.
        await using (var app = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = ["--Charging:Orders:MaxUnpaidPerHour=1000", "--Charging:Payment:MaxTopUpsPerHour=1000"] }))
        {
            var pile = await app.AddPileAsync();
            var riders = new List<Rider>();
            for (var i = 0; i < 10; i++)
                riders.Add(await app.RegisterAsync());
            using var stop = new CancellationTokenSource();
            var load = Task.WhenAll(riders.Select((rider, i) => LoadAsync(rider, pile.Options.DeviceNo, i, stop.Token)));
            await Retry.Until("there are orders", async () => (await OrdersAsync(app)).Length > 40);
            known = await OrdersAsync(app);

            var backup = await app.CtlAsync("backup", Backup);
            Assert.Equal((0, ""), (backup.ExitCode, backup.Error));
            Assert.Matches("bytes +[0-9]+", backup.Output);
            await stop.CancelAsync();
            await load;
        }

        Assert.Equal(0, (await Ctl.RunAsync(["restore", Backup, "--data-directory", Target])).ExitCode);
        await using var restored = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = [$"--Charging:DataDirectory={Target}"] });
        await restored.CheckInvariantsAsync(knowsBooks: false);
        Assert.Empty(known.Except(await OrdersAsync(restored)));
        var (rider, stand) = (await restored.RegisterAsync(), await restored.AddPileAsync());
        var number = (await rider.ReserveAsync(stand.Options.DeviceNo, "01")).Data!.Value.GetString()!;
        Assert.True(long.Parse(number[8..]) > 1_000_000, $"{number} may have been given after the backup.");
    }

    [Fact]
    public async Task What_is_restored_from_a_quiet_server_is_equal_row_by_row()
    {
        Dictionary<string, List<string>> before;
        await using (var app = await ChargingApp.StartAsync())
        {
            var pile = await app.AddPileAsync();
            var rider = await app.RegisterAsync();
            await rider.TopUpAsync(5);
            var orderNo = (await rider.ReserveAsync(pile.Options.DeviceNo, "01")).Data!.Value.GetString()!;
            Assert.Equal(200, (await rider.ChargeAsync(pile.Options.DeviceNo, "01", orderNo, 1.01)).Code);
            Assert.Equal(0, (await app.CtlAsync("backup", Backup, "--json")).ExitCode);
            // The backup is in the audit log, and that in the backup.
            before = await RowsAsync(app);
        }
        Assert.Equal(0, (await Ctl.RunAsync(["restore", Backup, "--data-directory", Target, "--json"])).ExitCode);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Target));
        // The rows as they lie there, before a server goes on with them.
        await using var store = new Server.Storage.LiteDb.LiteDbStore(
            Target, Tables.All, Tables.Migrations, [], TimeProvider.System, new Server.Storage.LiteDb.LiteDbOptions(), Microsoft.Extensions.Logging.Abstractions.NullLogger<Server.Storage.LiteDb.LiteDbStore>.Instance);
        Assert.Equal(before, await RowsAsync(store));
    }

    [Theory]
    [InlineData("cut", "cut off")]
    [InlineData("one bit", "damaged")]
    [InlineData("longer", "damaged")]
    [InlineData("another file", "no backup")]
    [InlineData("empty", "no backup")]
    [InlineData("missing", "cannot be read")]
    [InlineData("a later form", "form 'charging-backup 9'")]
    public async Task What_is_no_whole_backup_is_refused_and_nothing_is_written(string damage, string hint)
    {
        await using (var app = await ChargingApp.StartAsync())
            await app.CtlAsync("backup", Backup);
        var bytes = await File.ReadAllBytesAsync(Backup);
        File.Delete(Backup);
        switch (damage)
        {
            case "cut":
                await File.WriteAllBytesAsync(Backup, bytes[..^100]);
                break;
            case "one bit":
                bytes[bytes.Length / 2] ^= 1;
                await File.WriteAllBytesAsync(Backup, bytes);
                break;
            case "longer":
                await File.WriteAllBytesAsync(Backup, [.. bytes, 0]);
                break;
            case "another file":
                await File.WriteAllTextAsync(Backup, "{\"a\":1}\nand more");
                break;
            case "empty":
                await File.WriteAllBytesAsync(Backup, []);
                break;
            case "a later form":
                bytes[bytes.AsSpan().IndexOf("charging-backup 1"u8) + 16] = (byte)'9';
                await File.WriteAllBytesAsync(Backup, bytes);
                break;
        }

        var run = await Ctl.RunAsync(["restore", Backup, "--data-directory", Target]);

        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains(hint, run.Sentence);
        Assert.Empty(Directory.GetFiles(Target));
    }

    [Fact]
    public async Task A_store_that_is_there_is_set_aside_only_when_asked_and_never_under_a_running_server()
    {
        await using (var app = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = [$"--Charging:DataDirectory={Target}"] }))
        {
            Assert.Equal(0, (await Ctl.RunAsync(["backup", Backup, "--address", app.Address(), "--key-file", Path.Combine(Target, "operator.key")])).ExitCode);
            Assert.Contains("holds a store already", (await Ctl.RunAsync(["restore", Backup, "--data-directory", Target])).Sentence);
            Assert.Contains("stop the server", (await Ctl.RunAsync(["restore", Backup, "--data-directory", Target, "--replace"])).Sentence);
        }
        var run = await Ctl.RunAsync(["restore", Backup, "--data-directory", Target, "--replace"]);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Single(Directory.GetFiles(Target, "charging.db.before-restore-*"));
        if (!OperatingSystem.IsWindows())
        {
            foreach (var file in Directory.GetFiles(Target))
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
        Assert.Equal("RESTORED", await File.ReadAllTextAsync(Path.Combine(Target, "charging.log")));
    }

    [Fact]
    public async Task A_backup_needs_a_key_and_leaves_nothing_behind_when_it_fails()
    {
        await using var app = await ChargingApp.StartAsync();
        var key = Path.Combine(_directory.FullName, "wrong.key");
        await File.WriteAllTextAsync(key, "wrong");

        Assert.Equal(1, (await Ctl.RunAsync(["backup", Backup, "--address", app.Address(), "--key-file", key])).ExitCode);
        Assert.Contains("cannot be written", (await app.CtlAsync("backup", Path.Combine(_directory.FullName, "none", "file"))).Sentence);
        Assert.Equal([key], Directory.GetFiles(_directory.FullName));
    }

    private static async Task LoadAsync(Rider rider, string device, int first, CancellationToken stop)
    {
        // A rider who leaves one plug again and again does not get it for a while.
        for (var i = first; !stop.IsCancellationRequested; i++)
        {
            var plug = $"{i % 10 + 1:D2}";
            await rider.ReserveAsync(device, plug);
            await rider.TopUpAsync(1);
            await rider.LeaveAsync(device, plug);
        }
    }

    private static async Task<string[]> OrdersAsync(ChargingApp app) =>
        await app.Services.GetRequiredService<IStore>().ScanAsync(Server.Orders.OrderTables.ByTime).Select(order => order.No.ToString()).ToArrayAsync();

    private static Task<Dictionary<string, List<string>>> RowsAsync(ChargingApp app) => RowsAsync(app.Services.GetRequiredService<IStore>());

    /// <summary>Every row of every table, as it is written.</summary>
    private static async Task<Dictionary<string, List<string>>> RowsAsync(IStore store)
    {
        var rows = new Dictionary<string, List<string>>();
        foreach (var table in Tables.All)
            rows[table.Name] = await (Task<List<string>>)typeof(BackupTests).GetMethod(nameof(TableAsync), System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!
                .MakeGenericMethod(table.GetType().GetGenericArguments()).Invoke(null, [store, table])!;
        return rows;
    }

    private static async Task<List<string>> TableAsync<T>(IStore store, Table<T> table)
        where T : class =>
        await store.ScanAsync(table.ByKey).Select(entity => JsonSerializer.Serialize(entity, table.Json)).ToListAsync();
}
