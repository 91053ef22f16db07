using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Charging.Ops.V1;
using Charging.Server.Stations;
using Charging.Server.Storage;
using Charging.Testing;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Operations;

/// <summary>The operators' methods as JSON under /ops/v1.</summary>
public sealed class OpsHttpTests
{
    [Theory]
    [InlineData("/ops/v1/whoami")]
    [InlineData("/OPS/V1/whoami")]
    public async Task A_path_is_the_operators_in_any_spelling(string path)
    {
        await using var app = await ChargingApp.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {app.Key()}");
        using var answer = await app.Http.SendAsync(request);
        Assert.Equal((HttpStatusCode.OK, true), (answer.StatusCode, answer.Headers.CacheControl?.NoStore));
    }

    [Fact]
    public async Task Piles_are_made_read_changed_and_listed_over_http()
    {
        await using var app = await ChargingApp.StartAsync();
        var device = ChargingApp.NewDeviceNo();
        var made = await SendAsync(app, HttpMethod.Post, "/ops/v1/piles", new { deviceNo = device, plugCount = 2, name = "门口" });
        Assert.Equal(HttpStatusCode.OK, made.Status);
        Assert.Matches("^[0-9a-f]{32}$", made.Json.GetProperty("secret").GetString());

        var changed = await SendAsync(app, HttpMethod.Patch, $"/ops/v1/piles/{device}", new { plugCount = 3 });
        Assert.Equal((3, "门口"), (changed.Json.GetProperty("pile").GetProperty("plugCount").GetInt32(), changed.Json.GetProperty("pile").GetProperty("name").GetString()));
        var read = await SendAsync(app, HttpMethod.Get, $"/ops/v1/piles/{device.ToLowerInvariant()}");
        Assert.Equal(3, read.Json.GetProperty("pile").GetProperty("plugs").GetArrayLength());
        var listed = await SendAsync(app, HttpMethod.Get, "/ops/v1/piles?pageSize=1&online=false");
        Assert.Equal(device, listed.Json.GetProperty("piles")[0].GetProperty("deviceNo").GetString());
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(app, HttpMethod.Post, $"/ops/v1/piles/{device}:retire", new { reason = "gone" })).Status);
    }

    [Theory]
    [InlineData("GET", "/ops/v1/piles/xyz", null, 400, StatusCode.InvalidArgument, "FIELD_INVALID")]
    [InlineData("GET", "/ops/v1/piles/00000000FF", null, 404, StatusCode.NotFound, "NOT_FOUND")]
    [InlineData("POST", "/ops/v1/piles", """{"deviceNo":"00000000EE"}""", 409, StatusCode.AlreadyExists, "ALREADY_EXISTS")]
    [InlineData("POST", "/ops/v1/piles/00000000EE:retire", "{}", 400, StatusCode.InvalidArgument, "REASON_MISSING")]
    [InlineData("POST", "/ops/v1/piles/00000000EE:sendCommand", """{"command":"PILE_COMMAND_STOP_PLUG","plug":1}""", 400, StatusCode.FailedPrecondition, "STATE_CONFLICT")]
    [InlineData("GET", "/ops/v1/nothing", null, 404, StatusCode.NotFound, "NOT_SERVED")]
    [InlineData("GET", "/ops/v1", null, 404, StatusCode.NotFound, "NOT_SERVED")]
    [InlineData("DELETE", "/ops/v1/piles", null, 405, StatusCode.Unimplemented, "NOT_SERVED")]
    public async Task A_refusal_has_a_standard_status_a_sentence_and_a_reason(string verb, string path, string? body, int http, StatusCode code, string reason)
    {
        await using var app = await ChargingApp.StartAsync();
        await SendAsync(app, HttpMethod.Post, "/ops/v1/piles", new { deviceNo = "00000000EE" });
        var answer = await SendAsync(app, new HttpMethod(verb), path, body);
        Assert.Equal((http, (int)code), ((int)answer.Status, answer.Json.GetProperty("code").GetInt32()));
        Assert.NotEmpty(answer.Json.GetProperty("message").GetString()!);
        var detail = answer.Json.GetProperty("details")[0];
        Assert.Equal(("type.googleapis.com/google.rpc.ErrorInfo", reason, "charging.ops"), (detail.GetProperty("@type").GetString(), detail.GetProperty("reason").GetString(), detail.GetProperty("domain").GetString()));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"deviceNo":1}""")]
    [InlineData("""{"plugCount":"many"}""")]
    public async Task What_is_no_request_is_a_status_too(string body)
    {
        await using var app = await ChargingApp.StartAsync();
        var answer = await SendAsync(app, HttpMethod.Post, "/ops/v1/piles", body);
        Assert.Equal((HttpStatusCode.BadRequest, 3), (answer.Status, answer.Json.GetProperty("code").GetInt32()));
    }

    [Fact]
    public async Task A_body_that_is_too_long_is_refused()
    {
        await using var app = await ChargingApp.StartAsync();
        var answer = await SendAsync(app, HttpMethod.Post, "/ops/v1/piles", JsonSerializer.Serialize(new { deviceNo = new string('x', 70_000) }));
        Assert.True((int)answer.Status is 400 or 413, answer.Json.ToString());
        Assert.Equal(3, answer.Json.GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task Who_has_no_key_is_told_how_to_sign_in()
    {
        await using var app = await ChargingApp.StartAsync();
        using var answer = await app.Http.GetAsync("/ops/v1/piles");
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.Single().Scheme);
        Assert.True(answer.Headers.CacheControl!.NoStore);
    }

    [Fact]
    public async Task The_reason_of_a_refusal_is_in_the_details_over_grpc()
    {
        await using var app = await ChargingApp.StartAsync();
        var refusal = await Assert.ThrowsAsync<RpcException>(
            () => new PileService.PileServiceClient(app.AsOperator()).GetPileAsync(new GetPileRequest { DeviceNo = "00000000FF" }).ResponseAsync);
        var status = Google.Rpc.Status.Parser.ParseFrom(refusal.Trailers.GetValueBytes("grpc-status-details-bin"));
        Assert.Equal((5, refusal.Status.Detail), (status.Code, status.Message));
        Assert.Equal("NOT_FOUND", status.Details.Single().Unpack<ErrorInfo>().Reason);
    }

    [Fact]
    public async Task A_fault_is_answered_without_a_word_about_it()
    {
        await using var app = await ChargingApp.StartAsync();
        app.ExpectError("ListStations failed");
        // A station that the wire cannot carry.
        await app.Services.GetRequiredService<IStore>().RunAsync(tx =>
        {
            tx.Put(StationTables.Stations, new Server.Stations.Station { Id = "gate", Name = null!, CreatedAt = default });
            return ValueTask.FromResult(true);
        });
        var answer = await SendAsync(app, HttpMethod.Get, "/ops/v1/stations");
        Assert.Equal((HttpStatusCode.InternalServerError, "FAULT"), (answer.Status, answer.Json.GetProperty("details")[0].GetProperty("reason").GetString()));
        Assert.DoesNotContain("Exception", answer.Json.ToString());
    }

    [Fact]
    public async Task The_envelope_of_the_mini_program_stays_its_own()
    {
        await using var app = await ChargingApp.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/wechat/smallapplet/ops/v1/piles");
        request.Headers.Authorization = new("Bearer", app.Key());
        using var answer = await app.Http.SendAsync(request);
        Assert.Equal((HttpStatusCode.OK, """{"success":false,"code":403,"message":"参数错误"}"""), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
    }

    private static async Task<(HttpStatusCode Status, JsonElement Json)> SendAsync(ChargingApp app, HttpMethod verb, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(verb, path);
        request.Headers.Authorization = new("Bearer", app.Key());
        if (body is not null)
            request.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        using var answer = await app.Http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>());
    }
}
