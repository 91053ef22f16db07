using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Google.Protobuf;

namespace Charging.MqttBroker;

/// <summary>The two forms in which a message of the pile protocol is written.</summary>
public enum MessageForm
{
    /// <summary>Protobuf JSON.</summary>
    Json,

    /// <summary>Protobuf binary.</summary>
    Binary,
}

/// <summary>
/// Turns bytes into messages of the pile protocol and back. No other file does.
/// </summary>
public static class Codec
{
    /// <summary>The largest message, in bytes (device-protocol.md: 16 KiB).</summary>
    public const int MaxMessageBytes = 16 * 1024;

    // A status nests three deep. Deeper JSON is an attack on the stack or a mistake.
    private const int MaxDepth = 16;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly JsonParser Parser = new(new JsonParser.Settings(MaxDepth).WithIgnoreUnknownFields(true));
    private static readonly JsonFormatter Formatter = new(new JsonFormatter.Settings(formatDefaultValues: false));

    /// <summary>
    /// Reads a message of either form. Fields and enum names that this version does not know are ignored, for newer firmware;
    /// so are blanks and a byte order mark before JSON, and the NUL bytes with which C ends a text.
    /// </summary>
    /// <returns>False when the payload is empty, over <see cref="MaxMessageBytes"/>, or neither form of this type. It never throws.</returns>
    public static bool TryRead<T>(MessageParser<T> parser, ReadOnlySpan<byte> payload, [NotNullWhen(true)] out T? message, out MessageForm form)
        where T : class, IMessage<T>, new()
    {
        (message, form) = (null, MessageForm.Json);
        if (payload.IsEmpty || payload.Length > MaxMessageBytes)
            return false;
        var json = Trimmed(payload);
        try
        {
            // No protobuf is JSON by chance, but one may begin with a blank and a brace.
            if (json is [(byte)'{', ..] && (payload[0] == '{' || IsJson(json)))
            {
                message = ReadJson<T>(json);
            }
            else
            {
                form = MessageForm.Binary;
                message = parser.ParseFrom(payload);
            }
            MessageText.Clean(message);
            return true;
        }
        catch (Exception fault) when (IsBadInput(fault))
        {
            message = null;
            return false;
        }
    }

    /// <inheritdoc cref="TryRead{T}(MessageParser{T}, ReadOnlySpan{byte}, out T?, out MessageForm)"/>
    public static bool TryRead<T>(MessageParser<T> parser, ReadOnlySpan<byte> payload, [NotNullWhen(true)] out T? message)
        where T : class, IMessage<T>, new() => TryRead(parser, payload, out message, out _);

    /// <summary>Writes a message.</summary>
    public static byte[] Write(IMessage message, MessageForm form) =>
        form == MessageForm.Json ? StrictUtf8.GetBytes(Formatter.Format(message)) : message.ToByteArray();

    private static ReadOnlySpan<byte> Trimmed(ReadOnlySpan<byte> payload)
    {
        if (payload.StartsWith(Encoding.UTF8.Preamble))
            payload = payload[Encoding.UTF8.Preamble.Length..];
        return payload.TrimStart(" \t\r\n"u8).TrimEnd((byte)0);
    }

    private static bool IsJson(ReadOnlySpan<byte> json)
    {
        try
        {
            CheckDepth(json);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static T ReadJson<T>(ReadOnlySpan<byte> json)
        where T : IMessage, new()
    {
        CheckDepth(json);
        return Parser.Parse<T>(StrictUtf8.GetString(json));
    }

    // Protobuf's JSON parser limits the depth of what it knows, not of what it skips; so the depth is checked first.
    private static void CheckDepth(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
        {
        }
    }

    // The parsers' own exceptions are IOExceptions; the others come out of numbers, times and broken UTF-8 inside JSON.
    private static bool IsBadInput(Exception fault) =>
        fault is IOException or JsonException or FormatException or ArgumentException or ArithmeticException or InvalidOperationException;
}
