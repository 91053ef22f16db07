using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Charging.MqttBroker;
using Microsoft.AspNetCore.Http.Features;

namespace Charging.Server.Piles;

/// <summary>What an external broker asks over HTTP, in the form of EMQX 5: who may connect, and who may do what (docs/scale.md).</summary>
public sealed class BrokerHooks(ExternalAccess access, string secret)
{
    // More than any question that could be answered with yes.
    private const int MaxBodyBytes = 16 * 1024;
    private const string Scheme = "Bearer ";
    private readonly byte[] _secretHash = Hash(secret);

    /// <summary>Answers POST /mqtt/auth.</summary>
    public Task AuthenticateAsync(HttpContext context) =>
        AnswerAsync(context, question => access.MayConnect(Text(question, "clientid"), Text(question, "username"), Text(question, "password")));

    /// <summary>Answers POST /mqtt/acl.</summary>
    public Task AuthorizeAsync(HttpContext context) => AnswerAsync(context, question => Text(question, "topic") is { } topic && Text(question, "action") switch
    {
        "publish" => int.TryParse(Text(question, "qos"), NumberStyles.None, CultureInfo.InvariantCulture, out var qos) && access.MayPublish(Text(question, "username"), topic, qos),
        "subscribe" => access.MaySubscribe(Text(question, "username"), topic),
        _ => false,
    });

    private async Task AnswerAsync(HttpContext context, Func<JsonElement, bool> isAllowed)
    {
        // EMQX takes every other status for "no opinion", and its configuration says no then.
        if (!IsKnown(context.Request.Headers.Authorization.ToString()))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        if (await ReadAsync(context) is { } question)
            await context.Response.WriteAsJsonAsync(new { result = isAllowed(question) ? "allow" : "deny", is_superuser = false });
        else
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
    }

    private bool IsKnown(string header) =>
        header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && CryptographicOperations.FixedTimeEquals(Hash(header[Scheme.Length..]), _secretHash);

    private static async Task<JsonElement?> ReadAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = MaxBodyBytes;
        try
        {
            var question = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body, cancellationToken: context.RequestAborted);
            return question.ValueKind == JsonValueKind.Object ? question : null;
        }
        catch (Exception e) when (e is JsonException or BadHttpRequestException)
        {
            return null;
        }
    }

    // A placeholder that has no value becomes null, and a number may come as one or as text.
    private static string? Text(JsonElement question, string name) => question.TryGetProperty(name, out var value) ? value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetRawText(),
        _ => null,
    } : null;

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}

/// <summary>Maps the questions where there is a secret for them.</summary>
internal static class BrokerHooksSetup
{
    public static void MapBrokerHooks(this WebApplication app)
    {
        if (app.Services.GetService<BrokerHooks>() is not { } hooks)
            return;
        app.MapPost("/mqtt/auth", hooks.AuthenticateAsync);
        app.MapPost("/mqtt/acl", hooks.AuthorizeAsync);
    }
}
