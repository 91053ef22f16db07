using System.Text.Json;

namespace Charging.Testing;

/// <summary>An answer as the mini-program sees it.</summary>
/// <param name="Success">Whether it worked.</param>
/// <param name="Code">The result code.</param>
/// <param name="Message">The result in words.</param>
/// <param name="Data">What came with it; null when there was no `data`.</param>
/// <param name="Text">The whole answer as JSON.</param>
public sealed record Answer(bool Success, int Code, string Message, JsonElement? Data, string Text)
{
    /// <summary>Reads an answer, and insists on its envelope (contract section 1).</summary>
    /// <exception cref="FormatException">It is not an envelope.</exception>
    public static Answer Parse(string text)
    {
        try
        {
            var root = JsonDocument.Parse(text).RootElement;
            JsonElement? data = root.TryGetProperty("data", out var found) ? found : null;
            var answer = new Answer(
                root.GetProperty("success").GetBoolean(), root.GetProperty("code").GetInt32(), root.GetProperty("message").GetString()!, data, text);
            var known = root.EnumerateObject().All(p => p.Name is "success" or "code" or "message" or "data");
            if (!known || answer.Success != (answer.Code == 200) || (!answer.Success && data is not null))
                throw new FormatException($"Not the contract's envelope: {text}");
            return answer;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException($"Not the contract's envelope: {text}", e);
        }
    }
}

/// <summary>A registered user of the app under test.</summary>
/// <param name="App">The app.</param>
/// <param name="Phone">The phone.</param>
/// <param name="Token">What register answered: `Bearer …`.</param>
public sealed record Rider(ChargingApp App, string Phone, string Token)
{
    /// <summary>Calls a route with the rider's token.</summary>
    public Task<Answer> PostAsync(string route, object? body = null) => App.PostAsync(route, body, Token);
}
