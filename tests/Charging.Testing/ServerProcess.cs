using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Charging.Ops.V1;
using Charging.Server.Operations;
using Grpc.Core;
using Grpc.Net.Client;

namespace Charging.Testing;

/// <summary>The server as a process of its own, until it is killed or told to stop.</summary>
public sealed partial class ServerProcess : IDisposable
{
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);

    private readonly string _directory;
    private readonly Process _process;
    private readonly ConcurrentDictionary<string, string> _codes = new();
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly TaskCompletionSource<Dictionary<string, int>> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HttpClient? _http;

    private ServerProcess(ProcessStartInfo start)
    {
        _directory = start.WorkingDirectory;
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => ReadError(line.Data);
        _process.Exited += (_, _) => _listening.TrySetException(new InvalidOperationException("The server ended before it listened."));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>What it logged as an error, or wrote where an operator reads.</summary>
    public IReadOnlyCollection<string> Errors => _errors;

    /// <summary>Every line of its log.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>The most memory that it has had at a time, in MiB.</summary>
    public int PeakMiB => int.Parse(PeakMemory().Match(File.ReadAllText($"/proc/{_process.Id}/status")).Groups[1].ValueSpan, CultureInfo.InvariantCulture) / 1024;

    /// <summary>Launches the server's own program on a data directory. It does not listen yet.</summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="settings">Settings as on the command line, beside those that every test has.</param>
    public static ServerProcess Launch(string directory, params IEnumerable<string> settings) => Launch(["Charging.Server.dll"], directory, settings);

    /// <summary>The same with a wall clock that the test sets.</summary>
    public static ServerProcess Launch(FakeMachineClock clock, string directory, params IEnumerable<string> settings) =>
        Launch(["Charging.Server.dll"], directory, settings, clock);

    /// <summary>Launches a program that takes the server's settings.</summary>
    /// <param name="program">A dll beside this one, and its own arguments.</param>
    /// <param name="directory">The data directory.</param>
    /// <param name="settings">Settings as on the command line, beside those that every test has.</param>
    /// <param name="clock">The wall clock; the machine's by default.</param>
    public static ServerProcess Launch(string[] program, string directory, IEnumerable<string> settings, FakeMachineClock? clock = null)
    {
        string[] args =
        [
            Path.Combine(AppContext.BaseDirectory, program[0]), .. program[1..],
            "--environment=Development",
            $"--Charging:DataDirectory={directory}",
            "--Charging:Demo:Enabled=false",
            "--Kestrel:Endpoints:Http:Url=http://127.0.0.1:0",
            "--Kestrel:Endpoints:Grpc:Url=http://127.0.0.1:0",
            "--Logging:Console:FormatterName=simple",
            "--Logging:Console:FormatterOptions:SingleLine=true",
            .. settings,
        ];
        var start = new ProcessStartInfo("dotnet", args) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = directory };
        foreach (var (name, value) in clock?.Environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return new ServerProcess(start);
    }

    /// <summary>Waits until it listens.</summary>
    /// <exception cref="InvalidOperationException">It ended instead.</exception>
    public async Task ListeningAsync()
    {
        await _listening.Task.WaitAsync(LongestStart);
        _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Port("Http")}"), Timeout = TimeSpan.FromSeconds(20) };
    }

    /// <summary>The port of `Http`, `Grpc` or `Mqtt`; known once it listens.</summary>
    public int Port(string endpoint) => _listening.Task.Result[endpoint];

    /// <summary>What a page of it says.</summary>
    public Task<string> GetAsync(string path) => _http!.GetStringAsync(path);

    /// <summary>What `/readyz` answers; null when nobody does.</summary>
    public async Task<HttpStatusCode?> ReadyAsync()
    {
        try
        {
            using var response = await _http!.GetAsync("/readyz");
            return response.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>Calls a route.</summary>
    public async Task<Answer> PostAsync(string route, string body, string? token, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Routes.Prefix + route)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        if (token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", token);
        using var response = await _http!.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        return Answer.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
    }

    /// <summary>Calls a route with what its `body` is to be.</summary>
    public Task<Answer> CallAsync(string route, object body, string? token = null, CancellationToken cancellationToken = default) =>
        PostAsync(route, Calling.ToText(new { body }), token, cancellationToken);

    /// <summary>Registers a rider.</summary>
    /// <returns>The token.</returns>
    public async Task<string> RegisterRiderAsync(string phone)
    {
        using var patience = new CancellationTokenSource(LongestStart);
        await CallAsync("sendValidateCode", new { phone, codeType = "register" }, null, patience.Token);
        var code = await CodeForAsync(phone, patience.Token);
        var answer = await CallAsync("register", new { phone, code, wxname = $"wx{phone}" }, null, patience.Token);
        return answer.Data?.GetString() ?? throw new InvalidOperationException($"{phone} was not registered: {answer.Text}");
    }

    /// <summary>Registers a pile.</summary>
    /// <returns>Its secret.</returns>
    public async Task<string> RegisterPileAsync(string deviceNo)
    {
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{Port("Grpc")}");
        var key = await File.ReadAllTextAsync(Path.Combine(_directory, OperatorKeyFile.Name));
        var headers = new Metadata { { "authorization", $"Bearer {key.Trim()}" } };
        return (await new PileService.PileServiceClient(channel).RegisterPileAsync(new RegisterPileRequest { DeviceNo = deviceNo }, headers)).Secret;
    }

    /// <summary>Waits for the code that a phone was sent, which the console sender logs.</summary>
    public async Task<string> CodeForAsync(string phone, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        string? code;
        while (!_codes.TryRemove(phone, out code))
            await timer.WaitForNextTickAsync(cancellationToken);
        return code;
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM. It goes on until it has ended by itself.</summary>
    public Task TermAsync() => SignalAsync("TERM");

    /// <summary>SIGSTOP. It stands still until <see cref="ResumeAsync"/>.</summary>
    public Task PauseAsync() => SignalAsync("STOP");

    /// <summary>SIGCONT.</summary>
    public Task ResumeAsync() => SignalAsync("CONT");

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(LongestStart);
        return _process.ExitCode;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
        _http?.Dispose();
    }

    private void Read(string? line)
    {
        if (line is null)
            return;
        _lines.Enqueue(line);
        if (Code().Match(line) is { Success: true } code)
            _codes[code.Groups[1].Value] = code.Groups[2].Value;
        else if (line.Contains("Listening: ", StringComparison.Ordinal))
            _listening.TrySetResult(Endpoint().Matches(line).ToDictionary(it => it.Groups[1].Value, it => int.Parse(it.Groups[2].ValueSpan, CultureInfo.InvariantCulture)));
        else if (line.StartsWith("fail:", StringComparison.Ordinal) || line.StartsWith("crit:", StringComparison.Ordinal))
            _errors.Enqueue(line);
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    private void ReadError(string? line)
    {
        if (!string.IsNullOrWhiteSpace(line))
            _errors.Enqueue(line);
    }

    [GeneratedRegex(@"SMS to (\d{11}): your code is (\d{6})")]
    private static partial Regex Code();

    [GeneratedRegex(@"VmHWM:\s+(\d+) kB")]
    private static partial Regex PeakMemory();

    [GeneratedRegex(@"(\w+) on http://[^ ,]*?:(\d+)")]
    private static partial Regex Endpoint();
}
