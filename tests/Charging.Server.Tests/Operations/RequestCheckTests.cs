using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Charging.Ops.V1;
using Charging.Server.Operations;
using Charging.Testing;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Xunit;

namespace Charging.Server.Tests.Operations;

/// <summary>What no proto knows is refused with its name, by every method of the operators, and nothing is done.</summary>
public sealed class RequestCheckTests
{
    public static TheoryData<string, string, string> Misspelled => new()
    {
        { "POST /ops/v1/orders/1:refund", """{"amount":100,"reason":"r"}""", "RefundOrderRequest has no 'amount': the nearest is 'amountFen'" },
        { "POST /ops/v1/orders/1:refund", """{"AmountFen":100,"reason":"r"}""", "no 'AmountFen': the nearest is 'amountFen'" },
        { "POST /ops/v1/orders/1:refund", """{"amountFen":null,"reason":"r"}""", "amountFen is null" },
        { "POST /ops/v1/orders/1:refund", """{"reason":"r"}""", "give at least 1 fen, or all" },
        { "POST /ops/v1/orders/1:refund", """{"amountFen":1,"all":true,"reason":"r"}""", "give at least 1 fen, or all" },
        { "POST /ops/v1/orders/1:refund", """{"amountFen":1,"reason":"r","orderNo":"2"}""", "orderNo is given twice" },
        { "POST /ops/v1/orders/1:refund?amountFen=1", """{"reason":"r"}""", "'amountFen' is in the query" },
        { "POST /ops/v1/users/1:adjustBalance", """{"amountFen":1,"reason":"r","requestID":"1"}""", "the nearest is 'requestId'" },
        { "POST /ops/v1/users/1:adjustBalance", """{"amountFen":1,"amount_fen":2,"reason":"r"}""", "amount_fen is given twice" },
        { "GET /ops/v1/piles?stationID=gate", "", "the nearest is 'stationId'" },
        { "GET /ops/v1/piles?pageSize=1&pageSize=2", "", "pageSize is given twice" },
    };

    [Theory]
    [MemberData(nameof(Misspelled))]
    public async Task What_was_misspelled_is_named(string call, string body, string sentence)
    {
        await using var app = await ChargingApp.StartAsync();
        var (http, message) = await SendAsync(app, call, body);
        Assert.Equal(HttpStatusCode.BadRequest, http);
        Assert.Contains(sentence, message);
    }

    [Theory]
    [InlineData("DELETE", "/ops/v1/stations/gate", "application/json", """{"reason":"r"}""", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/ops/v1/orders", "application/json", """{"foo":1}""", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/ops/v1/piles", "application/json; charset=bogus", """{"deviceNo":"00000000EE"}""", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/ops/v1/piles", "application/json; charset=utf-16", """{"deviceNo":"00000000EE"}""", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/ops/v1/piles", "application/json; charset=\"UTF-8\"", """{"deviceNo":"00000000EE"}""", HttpStatusCode.OK)]
    public async Task A_body_is_read_or_refused_and_by_nobody_without_a_key(string verb, string path, string type, string body, HttpStatusCode status)
    {
        await using var app = await ChargingApp.StartAsync();
        await new StationService.StationServiceClient(app.AsOperator()).AddStationAsync(new AddStationRequest { StationId = "gate", Name = "gate" });
        foreach (var (key, expected) in new[] { ("none", HttpStatusCode.Unauthorized), (app.Key(), status) })
        {
            using var request = new HttpRequestMessage(new HttpMethod(verb), path) { Content = new StringContent(body) };
            request.Content.Headers.Remove("Content-Type");
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
            using var answer = await app.Http.SendAsync(request);
            Assert.Equal(expected, answer.StatusCode);
            var reason = expected == HttpStatusCode.OK ? null : (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("details")[0].GetProperty("reason").GetString();
            Assert.Equal(expected switch { HttpStatusCode.Unauthorized => "KEY_INVALID", HttpStatusCode.BadRequest => "FIELD_INVALID", _ => null }, reason);
        }
        Assert.Single((await new StationService.StationServiceClient(app.AsOperator()).ListStationsAsync(new ListStationsRequest())).Stations);
    }

    [Fact]
    public async Task A_tariff_with_a_misspelled_cap_is_not_set()
    {
        await using var app = await ChargingApp.StartAsync();
        var (http, message) = await SendAsync(app, "POST /ops/v1/tariffs", """{"tariff":{"name":"new","capfen":100,"electricityFen":30}}""");
        Assert.Equal((HttpStatusCode.BadRequest, "Tariff has no 'capfen': the nearest is 'capFen'. Nothing was done."), (http, message));
        Assert.DoesNotContain((await new TariffService.TariffServiceClient(app.AsOperator()).ListTariffsAsync(new ListTariffsRequest())).Tariffs, tariff => tariff.Name == "new");
    }

    [Fact]
    public async Task Every_method_refuses_what_it_does_not_know_over_http()
    {
        await using var app = await ChargingApp.StartAsync();
        foreach (var method in OpsCalls.All)
        {
            var (verb, path) = OpsCalls.Route(method);
            var call = $"{verb} {Regex.Replace(path, @"\{\w+\}", "1")}";
            var inBody = OpsCalls.Rule(method).Body == "*";
            var unknown = inBody ? await SendAsync(app, call, """{"noSuchName":1}""") : await SendAsync(app, $"{call}?noSuchName=1", "");
            Assert.Equal((method.FullName, HttpStatusCode.BadRequest), (method.FullName, unknown.Http));
            Assert.Contains($"{method.InputType.Name} has no 'noSuchName'", unknown.Message);
        }
    }

    [Fact]
    public async Task Every_method_refuses_what_it_does_not_know_over_grpc()
    {
        await using var app = await ChargingApp.StartAsync();
        foreach (var method in OpsCalls.All.Where(method => !method.IsClientStreaming))
        {
            foreach (var request in WithUnknown(method.InputType))
            {
                var answer = await app.AsOperator().CallAsync(method, request);
                Assert.Equal((method.FullName, StatusCode.InvalidArgument), (method.FullName, answer.Code));
                Assert.True(answer.Sentence.Contains("This server does not know field 999 of", StringComparison.Ordinal) || answer.Sentence.Contains(" is 999: give one of", StringComparison.Ordinal), answer.Sentence);
            }
        }
    }

    /// <summary>Requests with a field that is not there, in each message of it, and with each enumeration at a value that is not there.</summary>
    private static IEnumerable<IMessage> WithUnknown(MessageDescriptor type)
    {
        yield return type.Parser.ParseFrom(Unknown);
        foreach (var field in type.Fields.InDeclarationOrder().Where(field => !field.IsMap))
        {
            if (field.FieldType == FieldType.Enum)
                yield return type.Parser.ParseFrom(Field(field, output => output.WriteInt32(999), WireFormat.WireType.Varint));
            if (field.FieldType == FieldType.Message)
                yield return type.Parser.ParseFrom(Field(field, output => output.WriteBytes(Unknown), WireFormat.WireType.LengthDelimited));
        }
    }

    private static ByteString Unknown { get; } = ByteString.CopyFrom(0xB8, 0x3E, 0x01);

    private static ByteString Field(FieldDescriptor field, Action<CodedOutputStream> write, WireFormat.WireType wire)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes))
        {
            output.WriteTag(field.FieldNumber, wire);
            write(output);
        }
        return ByteString.CopyFrom(bytes.ToArray());
    }

    private static async Task<(HttpStatusCode Http, string Message)> SendAsync(ChargingApp app, string call, string body)
    {
        var (verb, path) = (call[..call.IndexOf(' ')], call[(call.IndexOf(' ') + 1)..]);
        using var request = new HttpRequestMessage(new HttpMethod(verb), path);
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {app.Key()}");
        if (body.Length > 0)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await app.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return (answer.StatusCode, answer.IsSuccessStatusCode ? "" : (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("message").GetString()!);
    }
}
