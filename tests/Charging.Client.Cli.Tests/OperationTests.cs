using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Charging.Device.V1;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Client.Cli.Tests;

/// <summary>What operators do with chargectl: each command as a table and as JSON.</summary>
public sealed class OperationTests
{
    [Fact]
    public async Task Keys_are_made_used_listed_and_revoked()
    {
        await using var app = await ChargingApp.StartAsync();
        var made = (await app.CtlAsync("keys", "add", "night shift", "--role", "Viewer", "--json")).Json;
        var (id, secret) = (made.GetProperty("key").GetProperty("keyId").GetString()!, made.GetProperty("secret").GetString()!);
        var key = new Dictionary<string, string> { ["CHARGECTL_KEY"] = secret, ["CHARGECTL_ADDRESS"] = app.Address() };
        Assert.Equal(0, (await Ctl.ProcessAsync(key, "piles", "list")).ExitCode);
        Assert.Matches($"key +{id}\\s+for +night shift\\s+role +viewer", (await Ctl.ProcessAsync(key, "keys", "whoami")).Output);
        var refused = await Ctl.ProcessAsync(key, "cards", "issue", "111111786");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("needs the role operator", refused.Sentence);

        Assert.Matches($"{id} +night shift +viewer", (await app.CtlAsync("keys", "list")).Output);
        Assert.Contains("is revoked", (await app.CtlAsync("keys", "revoke", id, "--reason", "left")).Output);
        Assert.Contains("No valid operator key", (await Ctl.ProcessAsync(key, "piles", "list")).Sentence);
        var audit = await app.CtlAsync("audit", "list", "--subject", $"key:{id}");
        Assert.Matches(@"operator\.key \(file\) +KeyService/RevokeKey +key:k\d+ +left +Revoked", audit.Output);
        Assert.Equal(2, (await app.CtlAsync("audit", "list", "--subject", $"key:{id}", "--json")).Json.GetProperty("entries").GetArrayLength());
    }

    [Fact]
    public async Task Stations_are_made_found_changed_and_removed()
    {
        await using var app = await ChargingApp.StartAsync();
        Assert.Matches("name +东门", (await app.CtlAsync("stations", "add", "gate", "--name", "东门", "--lat", "22.5431", "--lng", "114.0579")).Output);
        var device = ChargingApp.NewDeviceNo();
        await app.CtlAsync("piles", "add", device, "--station", "gate", "--name", "one");
        Assert.Matches($"piles +{device}", (await app.CtlAsync("stations", "show", "gate")).Output);
        Assert.Matches("gate +东门 +1 +0 +0", (await app.CtlAsync("stations", "list")).Output);
        Assert.Matches(@"gate +东门 +\d+ +0", (await app.CtlAsync("stations", "nearest", "--lat", "22.54", "--lng", "114.05")).Output);
        Assert.Matches("address +1 Road", (await app.CtlAsync("stations", "change", "gate", "--street", "1 Road")).Output);
        Assert.Contains("belong together", (await app.CtlAsync("stations", "change", "gate", "--lat", "1")).Sentence);
        Assert.Contains(device, (await app.CtlAsync("stations", "remove", "gate")).Sentence);
        Assert.Matches("station +-", (await app.CtlAsync("piles", "change", device, "--station", "-")).Output);
        Assert.Contains("is removed", (await app.CtlAsync("stations", "remove", "gate")).Output);
        Assert.Equal(0, (await app.CtlAsync("stations", "list", "--json")).Json.GetProperty("stations").GetArrayLength());
    }

    [Fact]
    public async Task Piles_and_nodes_are_exported_for_Mosquitto()
    {
        await using var broker = await MosquittoServer.StartAsync();
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Broker = broker });
        var device = ChargingApp.NewDeviceNo();
        await app.CtlAsync("piles", "add", device);
        var folder = Directory.CreateTempSubdirectory("charging-export-").FullName;

        var exported = await app.CtlAsync("mqtt", "export", "--directory", Path.Combine(folder, "new"));

        Assert.Matches("piles +1", exported.Output);
        Assert.Equal("", exported.Error);
        var passwords = await File.ReadAllLinesAsync(Path.Combine(folder, "new", "passwords"));
        Assert.Equal([$"{MosquittoServer.NodeName}:$7$100000", $"{device}:$7$101"], passwords.Select(line => string.Join('$', line.Split('$')[..3])));
        Assert.All(passwords, line => Assert.Matches(@"^[^$]+\$7\$\d+\$[\w+/=]+\$[\w+/=]+$", line));
        Assert.Contains($"user {MosquittoServer.NodeName}\n", await File.ReadAllTextAsync(Path.Combine(folder, "new", "acl")));
        Assert.Contains($"password_file {Path.Combine(folder, "new", "passwords")}\n", await File.ReadAllTextAsync(Path.Combine(folder, "new", "mosquitto.conf")));
        Assert.Contains("use_username_as_clientid true", await File.ReadAllTextAsync(Path.Combine(folder, "new", "mosquitto.conf")));
        Assert.Equal(["acl", "mosquitto.conf", "passwords"], Directory.GetFiles(Path.Combine(folder, "new")).Select(Path.GetFileName).Order());
        if (!OperatingSystem.IsWindows())
            Assert.Equal((UnixFileMode)0, File.GetUnixFileMode(Path.Combine(folder, "new", "passwords")) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task What_is_exported_again_is_read_by_the_same_group_and_leaves_the_configuration_alone()
    {
        await using var app = await ChargingApp.StartAsync();
        var folder = Directory.CreateTempSubdirectory("charging-export-").FullName;
        var place = Path.Combine(folder, "new");
        await app.CtlAsync("mqtt", "export", "--directory", place);
        // The group that Mosquitto runs in; who is not root can only give away to one of their own.
        var group = Environment.UserName == "root" ? "nogroup" : (await ShellAsync("id -Gn")).Split(' ')[^1];
        await ShellAsync($"chgrp -R {group} '{place}'; echo '# mine' >> '{place}/mosquitto.conf'");
        await app.CtlAsync("piles", "add", ChargingApp.NewDeviceNo());

        await app.CtlAsync("mqtt", "export", "--directory", place);

        Assert.Single(await File.ReadAllLinesAsync(Path.Combine(place, "passwords")));
        Assert.Equal(group, Assert.Single((await ShellAsync($"stat -c %G '{place}'/*")).Split('\n').Distinct()));
        Assert.EndsWith("# mine\n", await File.ReadAllTextAsync(Path.Combine(place, "mosquitto.conf")));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task An_export_says_what_is_missing()
    {
        await using var app = await ChargingApp.StartAsync();
        var device = ChargingApp.NewDeviceNo();
        await app.CtlAsync("piles", "add", device);
        await app.Services.GetRequiredService<IStore>().RunAsync(async tx =>
        {
            tx.Put(PileTables.Piles, (await tx.GetAsync(PileTables.Piles, device))! with { MosquittoHash = null });
            return true;
        });
        var folder = Directory.CreateTempSubdirectory("charging-export-").FullName;

        var exported = await app.CtlAsync("mqtt", "export", "--directory", folder);

        Assert.Contains("The nodes are missing", exported.Error);
        Assert.Contains(device, exported.Error);
        Assert.Equal("", await File.ReadAllTextAsync(Path.Combine(folder, "passwords")));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Piles_are_told_and_retired()
    {
        await using var app = await ChargingApp.StartAsync();
        var device = (await app.AddPileAsync()).Options.DeviceNo;
        Assert.Equal("Done.", (await app.CtlAsync("piles", "tell", device, "ReportStatus")).Output.Trim());
        Assert.Contains("Nothing charges", (await app.CtlAsync("piles", "tell", device, "StopPlug", "--plug", "1")).Sentence);
        Assert.Contains("--reason", (await app.CtlAsync("piles", "retire", device)).Sentence);
        Assert.Contains("is retired", (await app.CtlAsync("piles", "retire", device, "--reason", "sold")).Output);
        Assert.DoesNotContain(device, (await app.CtlAsync("piles", "list")).Output);
        Assert.Matches($"{device} +retired", (await app.CtlAsync("piles", "list", "--retired")).Output);
    }

    [Fact]
    public async Task Plugs_piles_and_stations_are_paused_and_resumed()
    {
        await using var app = await ChargingApp.StartAsync();
        var device = (await app.AddPileAsync()).Options.DeviceNo;
        await app.CtlAsync("stations", "add", "gate", "--name", "Gate");
        await app.CtlAsync("piles", "change", device, "--station", "gate");
        Assert.Contains("--reason", (await app.CtlAsync("piles", "pause", device)).Sentence);
        var end = DateTime.Now.AddDays(1).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
        Assert.Matches($@"03 +fault .*socket broken \(until {end}:00\)", (await app.CtlAsync("piles", "pause", device, "--plug", "3", "--until", end, "--reason", "socket broken")).Output);
        Assert.Matches("03 +free", (await app.CtlAsync("piles", "resume", device, "--plug", "3")).Output);
        Assert.Matches("paused +repair", (await app.CtlAsync("piles", "pause", device, "--reason", "repair")).Output);
        Assert.Matches($"{device} +paused", (await app.CtlAsync("piles", "list")).Output);
        Assert.Matches("paused +-", (await app.CtlAsync("piles", "resume", device)).Output);
        Assert.Matches("paused +fair", (await app.CtlAsync("stations", "pause", "gate", "--reason", "fair")).Output);
        Assert.Matches("paused +fair", (await app.CtlAsync("piles", "show", device)).Output);
        Assert.Matches("paused +-", (await app.CtlAsync("stations", "resume", "gate")).Output);
        Assert.Equal(10, (await app.CtlAsync("piles", "show", device, "--json")).Json.GetProperty("pile").GetProperty("plugsFree").GetInt32());
    }

    [Fact]
    public async Task An_order_that_never_charged_needs_no_refund_once_it_is_ended_and_chargectl_says_so()
    {
        await using var stand = await Stand.OpenAsync();
        var app = stand.App;
        var unpaid = await stand.ReserveAsync(3);
        Assert.Contains("It was not paid, so nothing goes back.", (await app.CtlAsync("orders", "force-end", unpaid, "--reason", "x")).Output);
        Assert.Contains($"Order {unpaid} was not paid", (await app.CtlAsync("orders", "refund", unpaid, "--all", "--reason", "x")).Sentence);

        stand.Pile.Faults = new PileFaults { Silent = true };
        var paid = await stand.ReserveAsync();
        var charge = stand.ChargeAsync(paid, 1.00);
        await stand.UntilAsync(paid, OrderState.Starting);
        var ended = (await app.CtlAsync("orders", "force-end", paid, "--reason", "x")).Output;
        Assert.Contains("Of 1.00 yuan 0.00 were used, and 1.00 go back by themselves.", ended.ReplaceLineEndings(" "));
        Assert.Contains("there is nothing else to give back", (await app.CtlAsync("orders", "refund", paid, "--all", "--reason", "x")).Sentence);
        await stand.WhileAsync(charge);
    }

    [Fact]
    public async Task A_stuck_order_is_found_ended_explained_and_refunded()
    {
        await using var stand = await Stand.OpenAsync();
        var app = stand.App;
        var orderNo = await stand.BeginAsync(2, 1.00);
        await stand.ChargedForAnHourAsync(orderNo);

        Assert.Contains("force-end", (await app.CtlAsync("orders", "refund", orderNo, "--all", "--reason", "slow")).Sentence);
        var ended = (await app.CtlAsync("orders", "force-end", orderNo, "--reason", "burnt down")).Output;
        Assert.Matches("state +settled", ended);
        Assert.Contains("Of 1.00 yuan 0.25 were used, and 0.75 go back by themselves.", ended.ReplaceLineEndings(" "));
        Assert.Contains($"0.25 yuan are left to give back of the 0.25 yuan that order {orderNo} has used.", (await app.CtlAsync("orders", "refund", orderNo, "--amount", "0.75", "--reason", "x")).Sentence);
        Assert.Contains("no amount", (await app.CtlAsync("orders", "refund", orderNo, "--reason", "x", "--amount", "0.001")).Sentence);
        Assert.Matches("given back by operators ¥ +0\\.05", (await app.CtlAsync("orders", "refund", orderNo, "--amount", "0.05", "--to", "Balance", "--reason", "slow")).Output);
        Assert.Matches("Tried again: .*Stop|Nothing waits", (await app.CtlAsync("orders", "retry", orderNo)).Output);
        Assert.Contains("not in trouble", (await app.CtlAsync("orders", "resolve", orderNo, "--reason", "x")).Sentence);

        Assert.Contains("0 orders.", (await app.CtlAsync("orders", "list", "--offline")).Output);

        var timeline = await app.CtlAsync("orders", "timeline", orderNo);
        Assert.Matches("operator +operator.key: ForceEndOrder \\(burnt down\\)", timeline.Output);
        Assert.True((await app.CtlAsync("orders", "timeline", orderNo, "--json")).Json.GetProperty("entries").GetArrayLength() > 6);
        Assert.Matches($"{orderNo} ", (await app.CtlAsync("orders", "list", "--order", orderNo, "--plug", "2", "--from", "2019-12-01", "--to", "2019-12-31")).Output);
        Assert.Matches(@"2019-12-04 +1 +0 +[\d.]+ +1\.0 +1\.00 +0\.25 +0\.05", (await app.CtlAsync("report")).Output);
        Assert.Matches(@"2019-12-04 11:00 +1 +0 ", (await app.CtlAsync("report", "--by", "Hour")).Output);
        Assert.Equal("1", (await app.CtlAsync("report", "--by", "Pile", "--json")).Json.GetProperty("total").GetProperty("orders").GetString());
    }

    [Fact]
    public async Task Riders_and_their_cards_are_looked_after()
    {
        await using var app = await ChargingApp.StartAsync();
        var rider = await app.RegisterAsync(wxname: "车主");
        Assert.Matches("balance ¥ +1\\.50", (await app.CtlAsync("users", "adjust", rider.Phone, "1.50", "--reason", "goodwill")).Output);
        Assert.Contains("below 0", (await app.CtlAsync("users", "adjust", "车主", "-2", "--reason", "x")).Sentence);
        Assert.Matches($"{rider.Phone} +车主", (await app.CtlAsync("users", "list")).Output);
        Assert.Matches("card +2577522B", (await app.CtlAsync("cards", "bind", "2577522B", rider.Phone)).Output);
        Assert.Matches("blocked +yes", (await app.CtlAsync("cards", "block", "2577522B", "--reason", "lost")).Output);
        Assert.Matches($"2577522B +physical +{rider.Phone} +blocked", (await app.CtlAsync("cards", "list", "--blocked")).Output);
        Assert.Matches("blocked +no", (await app.CtlAsync("cards", "unblock", "2577522B")).Output);
        Assert.Matches("rider +-", (await app.CtlAsync("cards", "unbind", "2577522B")).Output);
        Assert.Contains("No card 2577522B is known", (await app.CtlAsync("cards", "show", "2577522B")).Sentence);
        Assert.Contains("1 sign-ins ended", (await app.CtlAsync("users", "sign-out", rider.Phone)).Output);
        Assert.Matches($"phone +{rider.Phone} *\ngood for +login *\ncode +[0-9]{{6}} *\n", (await app.CtlAsync("users", "code", rider.Phone)).Output);
        Assert.Contains(", blocked", (await app.CtlAsync("users", "block", rider.Phone, "--reason", "fraud")).Output);
        Assert.Contains("1 riders.", (await app.CtlAsync("users", "list", "--blocked")).Output);
        Assert.DoesNotContain("blocked", (await app.CtlAsync("users", "unblock", rider.Phone)).Output);
    }

    [Fact]
    public async Task Alarms_are_listed_taken_care_of_and_cleared()
    {
        await using var app = await ChargingApp.StartAsync();
        var pile = await app.AddPileAsync();
        pile.RaiseAlarm(AlarmCode.Smoke, 2);
        await pile.WaitUntilAsync("the alarm was heard", it => it.Unacknowledged.Count == 0);
        var id = $"{pile.Options.DeviceNo}-02-Smoke";
        Assert.Matches($"{id} .*open", (await app.CtlAsync("alarms", "list")).Output);
        Assert.Matches("acknowledged .*operator.key", (await app.CtlAsync("alarms", "ack", id)).Output);
        Assert.Contains("cleared", (await app.CtlAsync("alarms", "clear", id, "--reason", "replaced")).Output);
        Assert.Contains("0 alarms.", (await app.CtlAsync("alarms", "list")).Output);
        Assert.Equal(1, (await app.CtlAsync("alarms", "list", "--state", "Cleared", "--json")).Json.GetProperty("alarms").GetArrayLength());

        pile.RaiseAlarm((AlarmCode)77, 2);
        await pile.WaitUntilAsync("the alarm was heard", it => it.Unacknowledged.Count == 0);
        Assert.Matches($@"{pile.Options.DeviceNo}-02-Other \(77\) .*open", (await app.CtlAsync("alarms", "list")).Output);
    }

    [Theory]
    [InlineData("piles", "offline")]
    [InlineData("orders", "reserved")]
    [InlineData("alarms", "open")]
    public async Task A_list_that_is_watched_prints_what_changes_until_it_is_ended(string noun, string expected)
    {
        await using var app = await ChargingApp.StartAsync();
        var pile = await app.AddPileAsync();
        var rider = await app.RegisterAsync();
        foreach (var json in new[] { false, true })
        {
            using var end = new CancellationTokenSource();
            await using var output = new LockedWriter();
            using var error = new StringWriter();
            string[] args = [noun, "list", "--watch", .. json ? new[] { "--json" } : [], .. Ctl.Operator(app)];
            var watching = Task.Run(() => Chargectl.RunAsync(args, output, error, end.Token));
            await rider.ReserveAsync(pile.Options.DeviceNo, json ? "02" : "03");
            pile.RaiseAlarm(json ? AlarmCode.Smoke : AlarmCode.Door, 1);
            await app.CtlAsync("piles", "add", ChargingApp.NewDeviceNo());
            await Retry.Until($"{noun} are printed", () => json ? output.Text.Contains("reset") : output.Text.Contains(expected));
            await end.CancelAsync();
            Assert.Equal((0, ""), (await watching, error.ToString()));
            if (json)
                Assert.All(output.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => JsonDocument.Parse(line).Dispose());
        }
    }

    /// <summary>A writer that is read while it is written to.</summary>
    private sealed class LockedWriter : StringWriter
    {
        private readonly Lock _gate = new();

        public string Text
        {
            get
            {
                lock (_gate)
                    return ToString();
            }
        }

        public override void WriteLine(string? value)
        {
            lock (_gate)
                base.WriteLine(value);
        }
    }

    private static async Task<string> ShellAsync(string script)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]) { RedirectStandardOutput = true })!;
        var output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        return output.Trim();
    }
}
