using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;
using Charging.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Charging.Server.Tests.Storage;

/// <summary>What goes wrong with real files, under the server as a process of its own: no room, another server, a half page, a damaged file.</summary>
public sealed partial class RealDiskTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("charging-disk-");

    private string DataFile => Path.Combine(_directory.FullName, LiteDbOpener.DataName);

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task A_server_whose_disk_is_full_says_so_keeps_what_it_promised_and_goes_on_when_there_is_room()
    {
        var sent = new List<string>();
        await using (var server = await ServerProcess.StartAsync(_directory.FullName))
        {
            await server.LimitFilesAsync(new FileInfo(DataFile).Length + 100_000);
            for (var code = 200; code == 200;)
            {
                var phone = ChargingApp.NewPhone();
                code = await server.SendCodeAsync(phone);
                if (code == 200)
                    sent.Add(phone);
            }
            Assert.True(sent.Count > 10, $"{sent.Count} codes fit into the room that there was.");
            Assert.Equal(5000, await server.SendCodeAsync(ChargingApp.NewPhone()));
            Assert.Contains(server.Lines, line => line.Contains("Store failed", StringComparison.Ordinal) || line.Contains("Store cannot be opened", StringComparison.Ordinal));

            await server.LimitFilesAsync(null);
            Assert.Equal(200, await server.SendCodeAsync(ChargingApp.NewPhone()));
        }
        await using var again = await ServerProcess.StartAsync(_directory.FullName);
        // A code that is known lives, so another one is refused: nothing that was answered is lost.
        foreach (var phone in sent)
            Assert.Equal(445, await again.SendCodeAsync(phone));
    }

    [Fact]
    public async Task A_second_server_on_the_directory_is_refused_and_the_first_does_not_notice()
    {
        await using var first = await ServerProcess.StartAsync(_directory.FullName);
        var refusal = await ServerProcess.RefusedAsync(_directory.FullName);

        Assert.Contains("in use by another process", refusal);
        Assert.Contains("Charging:DataDirectory", refusal);
        Assert.Equal(200, await first.SendCodeAsync(ChargingApp.NewPhone()));
    }

    [Theory]
    [InlineData("not a store", "header")]
    [InlineData("cut", "its end is missing")]
    public async Task A_damaged_file_stops_the_start_with_what_to_do_and_is_left_as_it_is(string damage, string hint)
    {
        await using (var server = await ServerProcess.StartAsync(_directory.FullName))
            await server.SendCodeAsync(ChargingApp.NewPhone());
        var whole = await File.ReadAllBytesAsync(DataFile);
        var damaged = damage == "cut" ? whole[..(whole.Length / 2)] : [.. Encoding.UTF8.GetBytes(damage), .. whole[damage.Length..50], .. whole];
        await File.WriteAllBytesAsync(DataFile, damaged);

        var refusal = await ServerProcess.RefusedAsync(_directory.FullName);

        Assert.Contains(hint, refusal);
        Assert.Contains("restore a backup", refusal);
        Assert.Equal(damaged, await File.ReadAllBytesAsync(DataFile));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(8191)]
    public async Task A_half_written_page_behind_the_end_costs_nothing(int length)
    {
        await using (var store = Open())
            await store.PutAsync(new Thing("a", "ann"));
        await using (var file = new FileStream(DataFile, FileMode.Append))
            file.Write(new byte[length].Select(_ => (byte)0x5a).ToArray());

        await using (var store = Open())
        {
            Assert.Equal("ann", (await store.GetAsync("a"))!.Owner);
            for (var i = 0; i < 50; i++)
                await store.PutAsync(new Thing($"b{i}", "bob", Note: new string('n', 3000)));
        }
        await using (var store = Open())
            Assert.Equal(51, (await store.ScanAsync(Tables.Things.ByKey).ToListAsync()).Count);
    }

    [Fact]
    public async Task A_directory_without_the_right_to_write_is_named()
    {
        // A file where the directory should be: also the administrator, who may write anywhere, meets it.
        var path = Path.Combine(_directory.FullName, "file");
        await File.WriteAllTextAsync(path, "");
        Assert.Contains("Charging:DataDirectory", await ServerProcess.RefusedAsync(path));
    }

    /// <summary>Four of five of the open top-ups that a server with this much memory has lived with: a start may vary by that much.</summary>
    [Fact]
    public async Task A_start_needs_no_more_memory_than_running_did_and_one_with_too_little_is_told_so()
    {
        await FillAsync(180_000);
        var whole = Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(DataFile)));

        var refusal = await ServerProcess.RefusedAsync(_directory.FullName, heapMb: 64);

        Assert.Contains("memory that this process may use (64 MB)", refusal);
        Assert.DoesNotContain("restore a backup", refusal);
        Assert.Equal(whole, Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(DataFile))));
        await using var server = await ServerProcess.StartAsync(_directory.FullName, heapMb: 192);
        Assert.Equal(200, await server.SendCodeAsync(ChargingApp.NewPhone()));
    }

    private async Task FillAsync(int rows)
    {
        await using var store = new LiteDbStore(
            _directory.FullName, Server.Storage.Tables.All, Server.Storage.Tables.Migrations, [], TimeProvider.System, new LiteDbOptions(), NullLogger<LiteDbStore>.Instance);
        foreach (var slice in Enumerable.Range(0, rows).Chunk(1000))
        {
            await store.RunAsync(tx =>
            {
                foreach (var row in slice)
                    tx.Put(DueRows.Table, new DueRow { Kind = DueKind.Close, Subject = $"20191204{row:D10}", DueAt = tx.Now + TimeSpan.FromDays(1) });
                return ValueTask.FromResult(true);
            });
        }
    }

    private LiteDbStore Open() =>
        new(_directory.FullName, Tables.All, [], [], TimeProvider.System, new LiteDbOptions(), NullLogger<LiteDbStore>.Instance);

    /// <summary>The server as a process that can be given a limit for the length of its files.</summary>
    private sealed partial class ServerProcess : IAsyncDisposable
    {
        private readonly Process _process;
        private readonly TaskCompletionSource<int> _port = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private HttpClient? _http;

        private ServerProcess(string directory, int? heapMb)
        {
            // A signal that is ignored when a program is started stays ignored: the limit is then an error, as a full disk is.
            var start = new ProcessStartInfo("bash") { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (var argument in (string[])[
                "-c", "trap '' XFSZ; exec dotnet \"$@\"", "server", typeof(Program).Assembly.Location,
                "--environment=Development", $"--Charging:DataDirectory={directory}", "--Charging:Demo:Enabled=false",
                "--Kestrel:Endpoints:Http:Url=http://127.0.0.1:0", "--Kestrel:Endpoints:Grpc:Url=http://127.0.0.1:0", "--Kestrel:Endpoints:Mqtt:Url=http://127.0.0.1:0",
                .. ChargingApp.ManyRiders])
                start.ArgumentList.Add(argument);
            // The runtime's own memory files would meet the limit.
            start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
            if (heapMb is { } mb)
                start.Environment["DOTNET_GCHeapHardLimit"] = $"{(long)mb << 20:X}";
            _process = new Process { StartInfo = start, EnableRaisingEvents = true };
            _process.OutputDataReceived += (_, line) => Read(line.Data);
            _process.ErrorDataReceived += (_, line) => Read(line.Data);
            _process.Exited += (_, _) => _port.TrySetException(new InvalidOperationException($"The server ended: {string.Join('\n', Lines)}"));
            _process.Start();
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
        }

        /// <summary>Everything that it wrote.</summary>
        public ConcurrentQueue<string> Lines { get; } = new();

        public static async Task<ServerProcess> StartAsync(string directory, int? heapMb = null)
        {
            var server = new ServerProcess(directory, heapMb);
            var port = await server._port.Task.WaitAsync(TimeSpan.FromMinutes(3));
            server._http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            return server;
        }

        /// <summary>What it says when it does not start: one line.</summary>
        public static async Task<string> RefusedAsync(string directory, int? heapMb = null)
        {
            await using var server = new ServerProcess(directory, heapMb);
            using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(3));
            await server._process.WaitForExitAsync(deadline.Token);
            Assert.Equal(1, server._process.ExitCode);
            _ = server._port.Task.Exception;
            return Assert.Single(server.Lines);
        }

        public async Task<int> SendCodeAsync(string phone)
        {
            using var answer = await _http!.PostAsync(
                "/wechat/smallapplet/sendValidateCode", new StringContent($$$"""{"body":{"phone":"{{{phone}}}","codeType":"register"}}""", Encoding.UTF8, "application/json"));
            return Answer.Parse(await answer.Content.ReadAsStringAsync()).Code;
        }

        /// <summary>Sets how long a file may be, in bytes; null takes the limit away.</summary>
        public async Task LimitFilesAsync(long? bytes)
        {
            var limit = bytes is { } length ? string.Create(CultureInfo.InvariantCulture, $"--fsize={length}:unlimited") : "--fsize=unlimited:unlimited";
            using var prlimit = Process.Start("prlimit", [limit, "--pid", _process.Id.ToString(CultureInfo.InvariantCulture)]);
            await prlimit.WaitForExitAsync();
            Assert.Equal(0, prlimit.ExitCode);
        }

        public async ValueTask DisposeAsync()
        {
            _http?.Dispose();
            if (!_process.HasExited)
                _process.Kill();
            await _process.WaitForExitAsync();
            _process.Dispose();
        }

        private void Read(string? line)
        {
            if (line is null)
                return;
            Lines.Enqueue(line);
            if (HttpPort().Match(line) is { Success: true } match)
                _port.TrySetResult(int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
        }

        [GeneratedRegex(@"Http on http://127\.0\.0\.1:(\d+)")]
        private static partial Regex HttpPort();
    }
}
