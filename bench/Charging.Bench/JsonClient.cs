using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Charging.Bench;

/// <summary>A mini-program's side of the routes, on connections that are kept open.</summary>
internal sealed class JsonClient(int httpPort, int connections) : IDisposable
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = connections })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{httpPort}/wechat/smallapplet/"),
    };

    /// <summary>Calls a route, and gives what is in the answer's `data`.</summary>
    /// <exception cref="InvalidOperationException">The answer's code is not 200.</exception>
    public async Task<JsonElement> PostAsync(string route, object body, string token)
    {
        using var response = await SendAsync(route, JsonContent.Create(body), token);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        return answer.GetProperty("code").GetInt32() == 200
            ? answer.TryGetProperty("data", out var data) ? data : default
            : throw new InvalidOperationException($"{route}: {answer}");
    }

    /// <summary>Calls a route with a body that is written already, and reads the answer as bytes, so that the client does as little as it can.</summary>
    /// <exception cref="InvalidOperationException">The answer's code is not 200.</exception>
    public async Task ReadAsync(string route, byte[] body, string token)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = Json;
        using var response = await SendAsync(route, content, token);
        var answer = await response.Content.ReadAsByteArrayAsync();
        if (answer.AsSpan().IndexOf("\"code\":200"u8) < 0 && answer.AsSpan().IndexOf("\"code\": 200"u8) < 0)
            throw new InvalidOperationException($"{route}: {Encoding.UTF8.GetString(answer)}");
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(string route, HttpContent content, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, route) { Content = content };
        request.Headers.TryAddWithoutValidation("Authorization", token);
        return await _http.SendAsync(request);
    }
}
