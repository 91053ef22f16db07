using Charging.Device.V1;
using Charging.MqttBroker;
using CsCheck;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Charging.Reliability.BadInput;

/// <summary>A message of which nobody knows whether it is good.</summary>
internal sealed record BadMessage(string Topic, byte[] Payload);

/// <summary>Generates messages of the pile protocol with any values in any fields, in both encodings, and then mutated bytes.</summary>
internal static class BadMessages
{
    // What the broker takes; one byte more ends the connection, which is tested with the broker.
    private const int MaxBytes = Codec.MaxMessageBytes;

    private static readonly Gen<uint> Numbers = Gen.Frequency((3, Gen.UInt[0, 12]), (1, Gen.UInt), (1, Gen.OneOf(99u, 100u, 256u, uint.MaxValue)));

    public static Gen<BadMessage> Of(KnownNames names)
    {
        var text = Gen.Frequency(
            (3, Gen.OneOf([.. names.Any, .. Enumerable.Range(0, 8).Select(n => $"20191204000000000{n}"), $"start-{names.OrderNo}", $"stop-{names.OrderNo}-1", "start-", "stop--"])),
            (1, Gen.OneOf("\0", "微信", "a-b", "../x", new string('x', 3000), "\u202e", "{", "😀")));
        var kinds = new (string Topic, MessageDescriptor Type)[]
        {
            ("status", PileStatus.Descriptor), ("events", PileEvent.Descriptor), ("telemetry", PileTelemetry.Descriptor), ("results", CommandResult.Descriptor),
        };
        return Gen.Select(Gen.OneOf(kinds), Gen.OneOf(kinds), Gen.Int[0, 19]).SelectMany((kind, other, confused) =>
        {
            // Now and then a message is on another's topic, which is what binary decoders take for their own.
            var type = confused == 0 ? other.Type : kind.Type;
            return Gen.Select(Message(type, text), Gen.Bool, Mutations.Gen, (message, json, mutate) =>
                new BadMessage(kind.Topic, Cut(mutate(Write(message, json ? MessageForm.Json : MessageForm.Binary)))));
        });
    }

    private static byte[] Cut(byte[] payload) => payload.Length > MaxBytes ? payload[..MaxBytes] : payload;

    private static byte[] Write(IMessage message, MessageForm form)
    {
        try
        {
            return Codec.Write(message, form);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // Times and texts that JSON cannot say.
            return message.ToByteArray();
        }
    }

    private static Gen<IMessage> Message(MessageDescriptor type, Gen<string> text)
    {
        var fields = type.Fields.InDeclarationOrder();
        return Gen.Select(Gen.Int[0, 3].Array[fields.Count], Gen.ULong, (present, seed) =>
        {
            var message = type.Parser.ParseFrom([]);
            for (var i = 0; i < fields.Count; i++)
            {
                if (present[i] > 0)
                    Set(message, fields[i], new PCG((uint)i, seed), text);
            }
            return message;
        });
    }

    private static void Set(IMessage message, FieldDescriptor field, PCG random, Gen<string> text)
    {
        if (field.IsRepeated)
        {
            var list = (System.Collections.IList)field.Accessor.GetValue(message);
            for (var n = Gen.Int[0, 12].Generate(random, null, out _); n > 0; n--)
                list.Add(Value(field, random, text));
        }
        else
        {
            field.Accessor.SetValue(message, Value(field, random, text));
        }
    }

    private static object Value(FieldDescriptor field, PCG random, Gen<string> text) => field.FieldType switch
    {
        FieldType.UInt32 => Numbers.Generate(random, null, out _),
        FieldType.SInt32 or FieldType.Int32 => (int)Numbers.Generate(random, null, out _),
        FieldType.Bool => Gen.Bool.Generate(random, null, out _),
        FieldType.String => text.Generate(random, null, out _),
        FieldType.Enum => Gen.Int[-1, 12].Generate(random, null, out _),
        FieldType.Message when field.MessageType == Timestamp.Descriptor => new Timestamp
        {
            Seconds = Gen.OneOf(0L, -1L, long.MaxValue, long.MinValue, 253402300800L, 1795411376L).Generate(random, null, out _),
            Nanos = Gen.OneOf(0, -1, 999_999_999, int.MaxValue).Generate(random, null, out _),
        },
        FieldType.Message => Message(field.MessageType, text).Generate(random, null, out _),
        _ => throw new InvalidOperationException($"{field.FullName} is of a type that is not generated."),
    };
}
