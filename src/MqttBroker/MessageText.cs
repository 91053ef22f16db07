using System.Collections;
using System.Collections.Concurrent;
using Charging.Device.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Charging.MqttBroker;

/// <summary>
/// What a pile writes in words, cut to the lengths of the protocol and printable from here on; and its enumerations, of which
/// only known values go on.
/// </summary>
public static class MessageText
{
    /// <summary>The longest text of a field that is not in <see cref="MaxLengths"/>.</summary>
    public const int DefaultMaxLength = 64;

    /// <summary>The longest text of a field, by its name in the protos.</summary>
    public static readonly IReadOnlyDictionary<string, int> MaxLengths = new Dictionary<string, int>
    {
        ["order_no"] = 32,
        ["boot_id"] = 36,
        ["connection_id"] = 36,
        ["firmware"] = 32,
        ["card_no"] = 16,
    };

    private static readonly ConcurrentDictionary<MessageDescriptor, Fields> Known = new();

    // An alarm of an unknown code is an alarm all the same, and the server keeps its number.
    private static readonly EnumDescriptor KeptAsItIs = EventReflection.Descriptor.EnumTypes.Single(type => type.ClrType == typeof(AlarmCode));

    /// <summary>Its fields that hold text, those that hold a value of an enumeration, and those whose messages may.</summary>
    private sealed record Fields(FieldDescriptor[] Texts, FieldDescriptor[] Enums, FieldDescriptor[] Messages);

    /// <summary>Cleans a message and the messages in it: every text, and every unknown value of an enumeration, which is as one that was not set.</summary>
    public static void Clean(IMessage message)
    {
        var fields = Known.GetOrAdd(message.Descriptor, FieldsOf);
        foreach (var field in fields.Texts)
        {
            var text = (string)field.Accessor.GetValue(message);
            var clean = text.Length == 0 ? text : Printable.Clean(text, MaxLengths.GetValueOrDefault(field.Name, DefaultMaxLength));
            if (!ReferenceEquals(text, clean))
                field.Accessor.SetValue(message, clean);
        }
        foreach (var field in fields.Enums)
        {
            if (field.EnumType.FindValueByNumber((int)field.Accessor.GetValue(message)) is null)
                field.Accessor.Clear(message);
        }
        foreach (var field in fields.Messages)
        {
            var value = field.Accessor.GetValue(message);
            if (value is IMessage inner)
                Clean(inner);
            else if (value is IList list)
                CleanAll(list);
        }
    }

    private static void CleanAll(IList messages)
    {
        foreach (IMessage message in messages)
            Clean(message);
    }

    private static Fields FieldsOf(MessageDescriptor type) => new(
        [.. type.Fields.InDeclarationOrder().Where(field => field is { FieldType: FieldType.String, IsRepeated: false })],
        [.. type.Fields.InDeclarationOrder().Where(field => field is { FieldType: FieldType.Enum, IsRepeated: false } && field.EnumType != KeptAsItIs)],
        [.. type.Fields.InDeclarationOrder().Where(field => field.FieldType == FieldType.Message && HasAny(field.MessageType))]);

    private static bool HasAny(MessageDescriptor type) => FieldsOf(type) is { Texts.Length: > 0 } or { Enums.Length: > 0 } or { Messages.Length: > 0 };
}
