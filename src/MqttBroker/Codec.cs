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
/// The first byte tells the form: '{' cannot start a valid binary message of these types.
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

    /// <summary>The form of a message, by its first byte.</summary>
    public static MessageForm FormOf(ReadOnlySpan<byte> payload) => payload is [(byte)'{', ..] ? MessageForm.Json : MessageForm.Binary;

    /// <summary>
    /// Reads a message of either form. Fields and enum names that this version does not know are ignored, for newer firmware.
    /// </summary>
    /// <returns>False when the payload is empty, over <see cref="MaxMessageBytes"/>, or neither form of this type. It never throws.</returns>
    public static bool TryRead<T>(MessageParser<T> parser, ReadOnlySpan<byte> payload, [NotNullWhen(true)] out T? message)
        where T : class, IMessage<T>, new()
    {
        message = null;
        if (payload.IsEmpty || payload.Length > MaxMessageBytes)
            return false;
        try
        {
            message = FormOf(payload) == MessageForm.Json ? ReadJson<T>(payload) : parser.ParseFrom(payload);
            MessageText.Clean(message);
            return true;
        }
        catch (Exception fault) when (IsBadInput(fault))
        {
            return false;
        }
    }

    /// <summary>Writes a message.</summary>
    public static byte[] Write(IMessage message, MessageForm form) =>
        form == MessageForm.Json ? StrictUtf8.GetBytes(Formatter.Format(message)) : message.ToByteArray();

    // Protobuf's JSON parser limits the depth of what it knows, not of what it skips; so the depth is checked first.
    private static T ReadJson<T>(ReadOnlySpan<byte> payload)
        where T : IMessage, new()
    {
        var reader = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
        {
        }

        return Parser.Parse<T>(StrictUtf8.GetString(payload));
    }

    // The parsers' own exceptions are IOExceptions; the others come out of numbers, times and broken UTF-8 inside JSON.
    private static bool IsBadInput(Exception fault) =>
        fault is IOException or JsonException or FormatException or ArgumentException or ArithmeticException or InvalidOperationException;
}
