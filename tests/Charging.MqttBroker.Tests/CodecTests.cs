using Charging.Device.V1;
using CsCheck;
using Google.Protobuf;

namespace Charging.MqttBroker.Tests;

/// <summary>The codec takes what is right and never throws at what is not.</summary>
public sealed class CodecTests
{
    private static readonly byte[][] Samples = [Piles.Status().ToByteArray(), Piles.Status().Json(), Piles.Swipe(7).ToByteArray(), Piles.Swipe(7).Json(), Piles.SetTime().Json()];

    [Fact]
    public void Whatever_is_written_reads_back_in_both_forms()
    {
        foreach (var form in Enum.GetValues<MessageForm>())
        {
            var bytes = Codec.Write(Piles.SetTime(), form);
            Assert.True(Codec.TryRead(Command.Parser, bytes, out var command, out var read));
            Assert.Equal((Piles.SetTime(), form), (command, read));
        }
    }

    [Theory]
    [InlineData(" ", "")]
    [InlineData("\r\n\t ", "\r\n")]
    [InlineData("\ufeff", "")]
    [InlineData("\ufeff \n", "")]
    [InlineData("", "\0")]
    [InlineData("\n", "\n\0\0\0")]
    public void What_a_firmware_puts_around_JSON_is_skipped(string before, string after)
    {
        byte[] bytes = [.. Packets.Utf8(before), .. Piles.Status().Json(), .. Packets.Utf8(after)];
        Assert.True(Codec.TryRead(PileStatus.Parser, bytes, out var status, out var form));
        Assert.Equal((Piles.Status(), MessageForm.Json), (status, form));
    }

    [Fact]
    public void Protobuf_that_begins_like_JSON_is_read()
    {
        // Field 1, a text of 123 bytes: a line feed and a brace.
        var command = new Command { CommandId = new string('x', '{') };
        Assert.True(Codec.TryRead(Command.Parser, command.ToByteArray(), out var read, out var form));
        Assert.Equal(MessageForm.Binary, form);
        Assert.StartsWith("xxx", read.CommandId);
    }

    [Fact]
    public void Garbage_and_mutated_messages_never_throw()
    {
        Gen.Select(Gen.Int[0, Samples.Length], Gen.Byte.Array[0, 64], Gen.Int[0, 200], Gen.Byte).Sample((pick, noise, at, value) =>
        {
            byte[] bytes = pick == Samples.Length ? noise : [.. Samples[pick]];
            if (pick < Samples.Length)
                bytes[at % bytes.Length] = value;
            Codec.TryRead(PileStatus.Parser, bytes, out _);
            Codec.TryRead(PileTelemetry.Parser, bytes, out _);
            Codec.TryRead(PileEvent.Parser, bytes, out _);
            Codec.TryRead(CommandResult.Parser, bytes, out _);
            Codec.TryRead(PileEvent.Parser, [(byte)'{', .. bytes], out _);
        }, iter: 20_000);
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{\"a\":", "}")]
    public void JSON_that_nests_thousands_deep_in_a_field_that_is_skipped_is_not_taken(string open, string close)
    {
        var depth = 15_000 / (open.Length + close.Length);
        var json = $"{{\"a\":{string.Concat(Enumerable.Repeat(open, depth))}1{string.Concat(Enumerable.Repeat(close, depth))}}}";
        Assert.False(Codec.TryRead(PileStatus.Parser, Packets.Utf8(json), out _));
    }

    [Theory]
    [InlineData("{\"clock\":\"yesterday\"}")]
    [InlineData("{\"clock\":\"9999-99-99T00:00:00Z\"}")]
    [InlineData("{\"seq\":1e400}")]
    [InlineData("{\"seq\":-1}")]
    [InlineData("{\"seq\":4294967296}")]
    [InlineData("{\"seq\":NaN}")]
    [InlineData("{\"bootId\":\"\\ud800\"}")]
    [InlineData("{\"bootId\":1}")]
    [InlineData("{\"plugs\":{}}")]
    [InlineData("{}{}")]
    [InlineData("{} x")]
    [InlineData("{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]}")]
    public void JSON_that_is_wrong_is_not_taken(string json) =>
        Assert.False(Codec.TryRead(PileStatus.Parser, Packets.Utf8(json), out _));
}
