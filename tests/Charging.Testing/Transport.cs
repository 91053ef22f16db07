using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;

namespace Charging.Testing;

/// <summary>How a test calls the app. The same service answers over both, with the same codes.</summary>
public enum Transport
{
    /// <summary>JSON over HTTP, as the mini-program.</summary>
    Json,

    /// <summary>gRPC, as internal tools.</summary>
    Grpc,
}

/// <summary>Calls a route in one of the two ways.</summary>
internal static class Calling
{
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(b => b, b => b);

    public static async Task<Answer> OverJsonAsync(HttpClient http, string route, string body, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Routes.Prefix + route)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        if (token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", token);
        using var response = await http.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return Answer.Parse(await response.Content.ReadAsStringAsync());
    }

    public static async Task<Answer> OverGrpcAsync(GrpcChannel channel, string route, string body, string? token)
    {
        var method = Routes.All[route].Method;
        var request = Parser.Parse(body, method.InputType).ToByteArray();
        var headers = token is null ? null : new Metadata { { "Authorization", token } };
        var call = new Method<byte[], byte[]>(MethodType.Unary, method.Service.FullName, method.Name, Bytes, Bytes);
        var answer = await channel.CreateCallInvoker().AsyncUnaryCall(call, null, new CallOptions(headers), request);
        return Answer.Parse(ToJson(method.OutputType.Parser.ParseFrom(answer)));
    }

    public static string ToText(object? body) => body switch
    {
        null => "{}",
        string text => text,
        _ => JsonSerializer.Serialize(body),
    };

    /// <summary>A refusal's empty list is no `data`: protobuf cannot tell an empty list from none.</summary>
    private static string ToJson(IMessage answer)
    {
        var json = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(Formatter.Format(answer))!;
        if (!json["success"].GetBoolean() && json.TryGetValue("data", out var data) && data is { ValueKind: JsonValueKind.Array } && data.GetArrayLength() == 0)
            json.Remove("data");
        return JsonSerializer.Serialize(json);
    }
}
