using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Charging.Server.Tests.Documents;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Operations;

/// <summary>A Chromium without a window. Each page that it opens is a visitor of its own.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode?>> _waiting = new();
    private readonly SemaphoreSlim _one = new(1);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Process? _process;
    private Task<string>? _error;
    private Task? _reading;
    private int _number;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        var client = Path.Combine(Repository.Root, "tests", "clients", "board");
        Assert.True(Directory.Exists(Path.Combine(client, "node_modules", "playwright-core")), $"These tests need chromium, node 20 and npm's playwright-core: run npm ci in {client}");
        _process = Process.Start(new ProcessStartInfo("node", [Path.Combine(client, "browser.js")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = client,
        })!;
        _error = _process.StandardError.ReadToEndAsync();
        _reading = ReadAsync(_process);
        await _ready.Task.WaitAsync(Deadline);
    }

    /// <summary>Opens the board of an app.</summary>
    /// <param name="app">The app.</param>
    /// <param name="look">What kind of visitor: `width`, `height`, `language`, `dark`, `now`.</param>
    public async Task<BrowserPage> OpenAsync(ChargingApp app, JsonObject? look = null)
    {
        var page = new BrowserPage(this, Interlocked.Increment(ref _number).ToString(CultureInfo.InvariantCulture));
        var request = look ?? [];
        request["url"] = $"http://127.0.0.1:{app.Port("Http")}/";
        await page.DoAsync("open", request);
        return page;
    }

    /// <summary>Has something done.</summary>
    public async Task<JsonNode?> DoAsync(JsonObject request)
    {
        var (number, answer) = (Interlocked.Increment(ref _number), new TaskCompletionSource<JsonNode?>(TaskCreationOptions.RunContinuationsAsynchronously));
        _waiting[number] = answer;
        request["id"] = number;
        await _one.WaitAsync();
        try
        {
            await _process!.StandardInput.WriteLineAsync(request.ToJsonString());
            await _process.StandardInput.FlushAsync();
        }
        finally
        {
            _one.Release();
        }
        return await answer.Task.WaitAsync(Deadline);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is null)
            return;
        _process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(Deadline);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
            await _reading!;
        }
        finally
        {
            _process.Kill(entireProcessTree: true);
            _process.Dispose();
            _one.Dispose();
        }
    }

    private async Task ReadAsync(Process process)
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            var answer = JsonNode.Parse(line)!;
            if (answer["id"] is not { } number)
                _ready.TrySetResult();
            else if (_waiting.TryRemove(number.GetValue<int>(), out var waiting))
                _ = answer["error"] is { } error ? waiting.TrySetException(new InvalidOperationException(error.GetValue<string>())) : waiting.TrySetResult(answer["answer"]);
        }
        var end = new InvalidOperationException($"The browser is gone: {await _error!}");
        _ready.TrySetException(end);
        foreach (var waiting in _waiting.Values)
            waiting.TrySetException(end);
    }
}
