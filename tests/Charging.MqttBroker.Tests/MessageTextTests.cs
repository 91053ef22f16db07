using System.Globalization;
using Charging.Device.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Xunit;

namespace Charging.MqttBroker.Tests;

/// <summary>What piles write in words reaches nobody's terminal as anything but words.</summary>
public sealed class MessageTextTests
{
    // An escape sequence, a C1 control, a bidirectional override, a zero-width space, both separators, a tag beyond the BMP.
    private const string Hostile = "\u001b]0;x\u0007\u009b31m\u202e\u200b\u2028\u2029\U000E0041";

    private const int Unknown = 77;

    private static readonly MessageDescriptor[] FromPiles = [PileStatus.Descriptor, PileEvent.Descriptor, PileTelemetry.Descriptor, CommandResult.Descriptor];

    public static TheoryData<string, MessageForm> Messages()
    {
        var data = new TheoryData<string, MessageForm>();
        foreach (var type in FromPiles)
        {
            data.Add(type.Name, MessageForm.Json);
            data.Add(type.Name, MessageForm.Binary);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void Every_text_of_a_message_is_printable_and_short(string type, MessageForm form)
    {
        var descriptor = FromPiles.Single(known => known.Name == type);
        foreach (var text in new[] { Hostile, new string('x', 2_000) })
        {
            foreach (var sent in Filled(descriptor, text))
            {
                Assert.True(TryRead(descriptor, Codec.Write(sent, form), out var message));
                Assert.All(Texts(message), found =>
                {
                    Assert.InRange(found.Text.Length, 1, MaxLength(found.Field));
                    Assert.DoesNotContain(found.Text, c => char.IsControl(c) || CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
                });
            }
        }
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_value_that_no_enumeration_has_is_as_one_that_was_not_set_and_an_alarm_keeps_its_code(string type, MessageForm form)
    {
        var descriptor = FromPiles.Single(known => known.Name == type);
        foreach (var sent in Filled(descriptor, "x"))
        {
            Assert.True(TryRead(descriptor, Codec.Write(sent, form), out var message));
            Assert.All(Values(message), found => Assert.True(found.Value == (found.Field.EnumType.Name == nameof(AlarmCode) ? Unknown : 0), found.Field.FullName));
        }
    }

    [Fact]
    public void Honest_text_stays_as_it_is()
    {
        var sent = new PileStatus { Firmware = "1.2.3-rc", Plugs = { new PlugStatus { Plug = 1, Fault = "继电器粘连 😀" } } };

        Assert.True(Codec.TryRead(PileStatus.Parser, Codec.Write(sent, MessageForm.Json), out var read));
        Assert.Equal(sent, read);
    }

    private static int MaxLength(string field) => MessageText.MaxLengths.GetValueOrDefault(field, MessageText.DefaultMaxLength);

    /// <summary>The message with the text in every field: one for each member of its oneofs.</summary>
    private static IEnumerable<IMessage> Filled(MessageDescriptor type, string text)
    {
        var members = type.Oneofs.Where(oneof => !oneof.IsSynthetic).SelectMany(oneof => oneof.Fields).ToList();
        foreach (var member in members.DefaultIfEmpty())
        {
            var message = type.Parser.ParseFrom([]);
            foreach (var field in type.Fields.InDeclarationOrder().Where(field => field.RealContainingOneof is null || field == member))
                Fill(message, field, text);
            yield return message;
        }
    }

    private static void Fill(IMessage message, FieldDescriptor field, string text)
    {
        if (field.FieldType == FieldType.String)
            field.Accessor.SetValue(message, text);
        else if (field.FieldType == FieldType.Enum)
            field.Accessor.SetValue(message, Unknown);
        else if (field.FieldType == FieldType.Message && field.IsRepeated)
            ((System.Collections.IList)field.Accessor.GetValue(message)).Add(Filled(field.MessageType, text).First());
        else if (field.FieldType == FieldType.Message && field.MessageType.File.Package == "charging.device.v1")
            field.Accessor.SetValue(message, Filled(field.MessageType, text).First());
    }

    private static IEnumerable<(FieldDescriptor Field, int Value)> Values(IMessage message) => message.Descriptor.Fields.InDeclarationOrder().SelectMany(field =>
        field.Accessor.GetValue(message) switch
        {
            Enum value => [(field, Convert.ToInt32(value, CultureInfo.InvariantCulture))],
            IMessage inner => Values(inner),
            System.Collections.IEnumerable list and not string and not ByteString => list.OfType<IMessage>().SelectMany(Values),
            _ => [],
        });

    private static IEnumerable<(string Field, string Text)> Texts(IMessage message) => message.Descriptor.Fields.InDeclarationOrder().SelectMany(field =>
        field.Accessor.GetValue(message) switch
        {
            string text when text.Length > 0 => [(field.Name, text)],
            IMessage inner => Texts(inner),
            System.Collections.IEnumerable list and not string and not ByteString => list.OfType<IMessage>().SelectMany(Texts),
            _ => [],
        });

    private static bool TryRead(MessageDescriptor type, byte[] payload, out IMessage message)
    {
        (var isRead, message) = type.Name switch
        {
            nameof(PileStatus) => (Codec.TryRead(PileStatus.Parser, payload, out var status), (IMessage)status!),
            nameof(PileEvent) => (Codec.TryRead(PileEvent.Parser, payload, out var pileEvent), pileEvent!),
            nameof(PileTelemetry) => (Codec.TryRead(PileTelemetry.Parser, payload, out var telemetry), telemetry!),
            _ => (Codec.TryRead(CommandResult.Parser, payload, out var result), result!),
        };
        return isRead;
    }
}
