using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Charging.Server.Operations;
using Charging.Server.Tests.Documents;
using Charging.Testing;
using Google.Protobuf.Reflection;
using Xunit;

namespace Charging.Server.Tests.Operations;

/// <summary>Every method from a client in another language, with a gRPC library of its own.</summary>
public sealed class ForeignOperatorTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Every_method_is_called_with_node_and_npm_grpc_js()
    {
        await using var app = await ChargingApp.StartAsync();
        var called = await CallAsync(app, (await app.RegisterAsync()).Token);
        Assert.Equal(Methods().Order(StringComparer.Ordinal), called.Keys.Order(StringComparer.Ordinal));
        // An empty request is refused by many, for what is in it and for nothing else.
        Assert.All(called, call => Assert.True(call.Value is "OK" or "INVALID_ARGUMENT" or "NOT_FOUND" || call is { Key: "charging.ops.v1.LedgerService/Reconcile", Value: "FAILED_PRECONDITION" }, $"{call.Key}: {call.Value}"));
        Assert.All(called.Where(call => (call.Key.Contains("/List") && !call.Key.EndsWith("/ListStatements", StringComparison.Ordinal)) || call.Key.Contains("/Watch") || call.Key.Contains("miniprogram")), call => Assert.Equal("OK", call.Value));
    }

    [Fact]
    public async Task Every_method_of_a_server_that_is_moved_is_called_too()
    {
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = ["--Charging:Store:Moving=true"] });
        var called = await CallAsync(app, token: null);
        Assert.Equal(MoveMethods().Order(StringComparer.Ordinal), called.Keys.Order(StringComparer.Ordinal));
        // There is nothing in the empty import, nor in the store.
        Assert.Equal(("FAILED_PRECONDITION", "INVALID_ARGUMENT"), (called["charging.ops.v1.MoveService/Export"], called["charging.ops.v1.MoveService/Import"]));
    }

    /// <summary>What each method was answered.</summary>
    private static async Task<Dictionary<string, string>> CallAsync(ChargingApp app, string? token)
    {
        var client = Path.Combine(Repository.Root, "tests", "clients", "node-operator");
        Assert.True(Directory.Exists(Path.Combine(client, "node_modules", "@grpc", "grpc-js")), $"This test needs node and npm's @grpc/grpc-js: run npm ci in {client}");
        var port = app.Port("Grpc").ToString(CultureInfo.InvariantCulture);
        using var deadline = new CancellationTokenSource(Deadline);
        string[] arguments = [Path.Combine(client, "call.js"), port, app.Key(), CommonProtos, .. token is null ? [] : new[] { token }];
        using var process = Process.Start(new ProcessStartInfo("node", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = client })!;
        var error = process.StandardError.ReadToEndAsync(deadline.Token);
        var output = await process.StandardOutput.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        Assert.Equal((0, ""), (process.ExitCode, await error));
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeWhile(line => line != "done").Select(line => line.Split('\t')).ToDictionary(line => line[0], line => line[1]);
    }

    /// <summary>Where google/api/*.proto are, as they were compiled with ours.</summary>
    private static string CommonProtos => typeof(ForeignOperatorTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(it => it.Key == "CommonProtos").Value!;

    private static IEnumerable<string> Methods() =>
        OpsCalls.All.Concat(Routes.All.Values.Select(route => route.Method)).Select(Name);

    private static IEnumerable<string> MoveMethods() => Access.Methods.Values.Except(OpsCalls.All).Select(Name);

    private static string Name(MethodDescriptor method) => $"{method.Service.FullName}/{method.Name}";
}
