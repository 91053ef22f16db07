using System.Net;
using Charging.Ops.V1;
using Charging.Server.Calls;
using Charging.Testing;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.Server.Tests.Operations;

/// <summary>Who may call the operators' methods, and what an operator key does not open.</summary>
public sealed class OperatorKeyTests
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(b => b, b => b);

    [Theory]
    [InlineData(Transport.Json)]
    [InlineData(Transport.Grpc)]
    public async Task An_operator_key_opens_nothing_of_a_rider(Transport transport)
    {
        await using var app = await ChargingApp.StartAsync(transport);
        foreach (var route in Routes.All.Values.Where(route => !RouteCodes.WithoutToken.Contains(route.FullName)))
        {
            Assert.Equal((route.Name, 401), (route.Name, (await app.PostAsync(route.Name, null, $"Bearer {app.Key()}")).Code));
            Assert.Equal((route.Name, 401), (route.Name, (await app.PostAsync(route.Name, null, app.Key())).Code));
        }
    }

    [Fact]
    public async Task The_key_is_for_its_owner_alone_and_survives_a_restart()
    {
        await using var app = await ChargingApp.StartAsync();
        var key = app.Key();
        Assert.Matches("^[A-Za-z0-9_-]{43}$", key);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(app.KeyFile()));
        Assert.DoesNotContain(app.Log.Records, record => record.Message.Contains(key));

        await app.RestartAsync();

        Assert.Equal(key, app.Key());
        Assert.Equal(StatusCode.OK, await DiagnoseAsync(app.AsOperator()));
    }

    [Fact]
    public async Task Whoever_calls_is_told_whose_key_it_is_and_what_it_opens()
    {
        await using var app = await ChargingApp.StartAsync();
        var key = (await new KeyService.KeyServiceClient(await app.AsAsync(Role.Finance)).WhoAmIAsync(new WhoAmIRequest())).Key;
        Assert.Equal(("Finance", Role.Finance), (key.Name, key.Role));
        var file = (await new KeyService.KeyServiceClient(app.AsOperator()).WhoAmIAsync(new WhoAmIRequest())).Key;
        Assert.Equal(("file", Role.Admin), (file.KeyId, file.Role));
    }

    [Fact]
    public async Task Calls_without_a_valid_key_are_logged_once_a_minute_with_their_address()
    {
        var clock = new FakeTimeProvider(Stand.Beginning);
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock, Settings = ["--Charging:Telemetry:Metrics=Key"] });
        for (var times = 0; times < 3; times++)
            Assert.Equal(StatusCode.Unauthenticated, await DiagnoseAsync(app.CallingWith("Bearer wrong")));
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.Http.GetAsync("/metrics")).StatusCode);
        Assert.Empty(Logged());

        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(["Calls without a valid operator key in the last minute: 4, from 1 addresses, most from 127.0.0.1 (4)."], Logged());

        Assert.Equal(StatusCode.Unauthenticated, await DiagnoseAsync(app.CallingWith(null)));
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Contains("minute: 1,", Logged().Last());
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(2, Logged().Count());

        IEnumerable<string> Logged() => app.Log.Records.Select(record => record.Message).Where(message => message.Contains("without a valid operator key", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_file_that_is_gone_is_made_again_and_the_old_key_is_dead()
    {
        await using var app = await ChargingApp.StartAsync();
        var old = app.Key();
        File.Delete(app.KeyFile());

        await app.RestartAsync();

        Assert.NotEqual(old, app.Key());
        Assert.Equal(StatusCode.OK, await DiagnoseAsync(app.AsOperator()));
        Assert.Equal(StatusCode.Unauthenticated, await DiagnoseAsync(app.CallingWith($"Bearer {old}")));
        Assert.Contains(app.Log.Records, record => record.Message.Contains(app.KeyFile()));
    }

    [Fact]
    public async Task A_damaged_key_file_stops_the_start_with_what_to_do()
    {
        await using var app = await ChargingApp.StartAsync();
        await File.WriteAllTextAsync(app.KeyFile(), "half a k");

        var refusal = await Assert.ThrowsAsync<StartupException>(app.RestartAsync);

        Assert.Contains(app.KeyFile(), refusal.Message);
        Assert.Contains("delete it", refusal.Message);
    }

    [Fact]
    public async Task Operators_are_not_served_on_the_port_of_the_mini_program()
    {
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = ["--Kestrel:Endpoints:Http:Protocols=Http2"] });
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{app.Port("Http")}");
        var client = new SystemService.SystemServiceClient(channel);
        var refusal = await Assert.ThrowsAsync<RpcException>(
            () => client.DiagnoseAsync(new DiagnoseRequest(), new Metadata { { "authorization", $"Bearer {app.Key()}" } }).ResponseAsync);
        Assert.Equal(StatusCode.Unimplemented, refusal.StatusCode);
    }

    [Fact]
    public async Task On_the_port_of_the_mini_program_there_are_the_paths_of_the_operators_and_nothing_else()
    {
        await using var app = await ChargingApp.StartAsync();
        foreach (var method in OpsCalls.All)
        {
            foreach (var type in new[] { "application/json", "application/grpc", "application/grpc-web", "application/grpc-web-text" })
            {
                using var content = new ByteArrayContent("{}"u8.ToArray()) { Headers = { ContentType = new(type) } };
                using var request = new HttpRequestMessage(HttpMethod.Post, $"/{method.Service.FullName}/{method.Name}") { Content = content };
                request.Headers.Authorization = new("Bearer", app.Key());
                using var answer = await app.Http.SendAsync(request);
                Assert.False(answer.IsSuccessStatusCode, $"{method.FullName} as {type}: {answer.StatusCode}");
            }
        }
    }

    private static Task<StatusCode> DiagnoseAsync(CallInvoker calls) => OutcomeAsync(calls, SystemService.Descriptor.FindMethodByName("Diagnose"));

    private static async Task<StatusCode> OutcomeAsync(CallInvoker calls, MethodDescriptor method)
    {
        try
        {
            await CallAsync(calls, method);
            return StatusCode.OK;
        }
        catch (RpcException e)
        {
            return e.StatusCode;
        }
    }

    private static async Task CallAsync(CallInvoker calls, MethodDescriptor method)
    {
        // One answer is a short stream.
        var definition = new Method<byte[], byte[]>(MethodType.ServerStreaming, method.Service.FullName, method.Name, Bytes, Bytes);
        using var call = calls.AsyncServerStreamingCall(definition, null, default, []);
        while (await call.ResponseStream.MoveNext(default))
        {
        }
    }
}
