using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Charging.Testing;

namespace Charging.Reliability.Crash;

/// <summary>The server as a process, until it is killed.</summary>
internal sealed partial class CrashServer : IDisposable
{
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly ConcurrentDictionary<string, string> _codes = new();
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly TaskCompletionSource<(int Http, int Mqtt)> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HttpClient? _http;

    private CrashServer(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => ReadError(line.Data);
        _process.Exited += (_, _) => _listening.TrySetException(new InvalidOperationException("The server ended before it listened."));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>The port for piles; known once it listens.</summary>
    public int MqttPort { get; private set; }

    /// <summary>What it logged as an error, or wrote where an operator reads.</summary>
    public IReadOnlyCollection<string> Errors => _errors;

    /// <summary>Starts it on a data directory. It does not listen yet.</summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="mqttPort">The port for piles, so that they find it again; 0 for any.</param>
    /// <param name="plant">The bug to plant.</param>
    public static CrashServer Launch(string directory, int mqttPort, Plant plant)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory,
        };
        string[] program = plant == Plant.None ? ["Charging.Server.dll"] : ["Charging.Reliability.dll", "serve", $"{plant}"];
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, program[0]));
        string[] settings =
        [
            .. program[1..],
            "--environment=Development",
            $"--Charging:DataDirectory={directory}",
            "--Charging:Demo:Enabled=false",
            $"--Charging:Orders:Reservation={CrashRider.Reservation}",
            "--Charging:Orders:CardAmountFen=5",
            "--Charging:Orders:StartTimeout=00:00:03",
            "--Kestrel:Endpoints:Http:Url=http://127.0.0.1:0",
            "--Kestrel:Endpoints:Grpc:Url=http://127.0.0.1:0",
            $"--Kestrel:Endpoints:Mqtt:Url=http://127.0.0.1:{mqttPort}",
            "--Logging:Console:FormatterName=simple",
            "--Logging:Console:FormatterOptions:SingleLine=true",
        ];
        foreach (var setting in settings)
            start.ArgumentList.Add(setting);
        return new CrashServer(start);
    }

    /// <summary>Waits until it listens.</summary>
    /// <exception cref="InvalidOperationException">It ended instead.</exception>
    public async Task ListeningAsync()
    {
        var (http, mqtt) = await _listening.Task.WaitAsync(LongestStart);
        MqttPort = mqtt;
        _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{http}"), Timeout = TimeSpan.FromSeconds(20) };
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

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
        _http?.Dispose();
    }

    private static int Port(Match match, int group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    private void Read(string? line)
    {
        if (line is null)
            return;
        if (Code().Match(line) is { Success: true } code)
            _codes[code.Groups[1].Value] = code.Groups[2].Value;
        else if (Listening().Match(line) is { Success: true } ports)
            _listening.TrySetResult((Port(ports, 1), Port(ports, 2)));
        else if (line.StartsWith("fail:", StringComparison.Ordinal) || line.StartsWith("crit:", StringComparison.Ordinal))
            _errors.Enqueue(line);
    }

    private void ReadError(string? line)
    {
        if (!string.IsNullOrWhiteSpace(line))
            _errors.Enqueue(line);
    }

    [GeneratedRegex(@"SMS to (\d{11}): your code is (\d{6})")]
    private static partial Regex Code();

    [GeneratedRegex(@"Listening: .*Http on http://[^ ,]*?:(\d+).*Mqtt on http://[^ ,]*?:(\d+)")]
    private static partial Regex Listening();
}
