using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Charging.Testing;

namespace Charging.Client.Cli.Tests;

/// <summary>What a run of chargectl left behind.</summary>
internal sealed record CtlRun(int ExitCode, string Output, string Error)
{
    /// <summary>The output as the one JSON document that it must be.</summary>
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    /// <summary>The one sentence of a refusal.</summary>
    public string Sentence => Error.Trim() is var text && text.Length > 0 && !text.Contains('\n') && !text.Contains("   at ")
        ? text
        : throw new InvalidOperationException($"Not one sentence: {Error}");
}

/// <summary>Runs chargectl against the app under test.</summary>
internal static class Ctl
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>The address of the app's gRPC port.</summary>
    public static string Address(this ChargingApp app) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{app.Port("Grpc")}");

    /// <summary>Runs a command as the app's operator.</summary>
    public static Task<CtlRun> CtlAsync(this ChargingApp app, params string[] args) => RunAsync([.. args, .. Operator(app)]);

    /// <summary>The options that make the operator of an app.</summary>
    public static string[] Operator(ChargingApp app) => ["--address", app.Address(), "--key-file", app.KeyFile()];

    /// <summary>Runs a command line in this process.</summary>
    public static async Task<CtlRun> RunAsync(string[] args, CancellationToken cancel = default)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await Chargectl.RunAsync(args, output, error, cancel);
        return new CtlRun(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Runs a command line as a process of its own.</summary>
    /// <param name="environment">Variables that it gets.</param>
    /// <param name="args">The command line.</param>
    public static Task<CtlRun> ProcessAsync(IReadOnlyDictionary<string, string> environment, params string[] args) => ProcessAsync(environment, "/dev/stdout", args);

    /// <summary>Runs a command line as a process of its own that writes into a file.</summary>
    public static async Task<CtlRun> ProcessAsync(IReadOnlyDictionary<string, string> environment, string output, string[] args)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", $"exec dotnet \"$@\" > {output}", "sh", typeof(Chargectl).Assembly.Location, .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var deadline = new CancellationTokenSource(Deadline);
        using var process = Process.Start(start)!;
        var written = process.StandardOutput.ReadToEndAsync(deadline.Token);
        var error = process.StandardError.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        return new CtlRun(process.ExitCode, await written, await error);
    }
}
