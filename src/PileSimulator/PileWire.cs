using System.Text;
using Charging.Device.V1;
using Google.Protobuf;

namespace Charging.PileSimulator;

/// <summary>Topics, and messages as bytes.</summary>
internal static class PileWire
{
    private static readonly JsonParser Json = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    public static string Topic(string deviceNo, string leaf) => $"piles/{deviceNo}/{leaf}";

    /// <summary>The leaf of the topic that a message belongs to.</summary>
    public static string Leaf(IMessage message) => message switch
    {
        PileStatus => "status",
        PileEvent => "events",
        PileTelemetry => "telemetry",
        CommandResult => "results",
        _ => throw new ArgumentException($"a pile does not send {message.Descriptor.Name}", nameof(message)),
    };

    public static byte[] Encode(IMessage message, PileEncoding form) => form == PileEncoding.Json
        ? Encoding.UTF8.GetBytes(JsonFormatter.Default.Format(message))
        : message.ToByteArray();

    /// <summary>Null when the bytes are no command.</summary>
    public static Command? DecodeCommand(byte[] payload)
    {
        try
        {
            // '{' cannot start a binary command: it would be field 15 with the group type.
            return payload is [(byte)'{', ..]
                ? Json.Parse<Command>(Encoding.UTF8.GetString(payload))
                : Command.Parser.ParseFrom(payload);
        }
        catch (IOException) // what both parsers throw for bad input
        {
            return null;
        }
    }
}
