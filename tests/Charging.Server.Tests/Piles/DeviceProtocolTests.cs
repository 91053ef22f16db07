using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Server.Tests.Documents;
using Charging.Testing;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Microsoft.Extensions.DependencyInjection;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using Xunit;

namespace Charging.Server.Tests.Piles;

/// <summary>Replays docs/device-protocol.md: what firmware authors read is what the server says and takes.</summary>
public sealed partial class DeviceProtocolTests
{
    private const string DocumentedOrder = "201912040000000352";

    private static readonly (string Name, string Topic, MessageDescriptor Type)[] Types =
    [
        ("PileStatus", "status", PileStatus.Descriptor), ("PileEvent", "events", PileEvent.Descriptor), ("PileTelemetry", "telemetry", PileTelemetry.Descriptor),
        ("CommandResult", "results", CommandResult.Descriptor), ("Command", "commands", Command.Descriptor),
    ];

    private static readonly string Document = File.ReadAllText(Path.Combine(ForeignPileTests.Root(AppContext.BaseDirectory), "docs", "device-protocol.md")).ReplaceLineEndings("\n");

    [Fact]
    public void Every_example_is_the_same_message_in_JSON_and_in_binary()
    {
        var examples = Steps(Document).Where(step => step.Message is not null).ToList();
        foreach (var (_, message, json, binary) in examples)
        {
            Assert.Equal(Convert.ToHexStringLower(message!.ToByteArray()), binary);
            Assert.Equal(message, message!.Descriptor.Parser.ParseFrom(Convert.FromHexString(binary)));
            var written = Encoding.UTF8.GetString(Codec.Write(message!, MessageForm.Json));
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), JsonNode.Parse(written)), $"{json}\nis written as\n{written}");
        }
    }

    [Fact]
    public void Texts_are_cut_to_the_lengths_that_the_protos_promise()
    {
        var promises = Repository.Files("protos/charging/device/v1", "*.proto").SelectMany(file => Promise().Matches(Repository.Read(file))).ToList();

        Assert.NotEmpty(promises);
        Assert.All(promises, promise => Assert.Equal(promise.Groups["max"].Value, $"{MessageText.MaxLengths.GetValueOrDefault(promise.Groups["field"].Value, MessageText.DefaultMaxLength)}"));
    }

    [Fact]
    public void Every_kind_of_message_has_an_example()
    {
        var messages = Steps(Document).Select(step => step.Message).OfType<IMessage>().ToList();
        Assert.All(Types, type => Assert.Contains(messages, message => message.Descriptor == type.Type));
        foreach (var kind in new[] { Command.Descriptor, PileEvent.Descriptor }.SelectMany(type => type.Oneofs.Single().Fields))
            Assert.True(messages.Any(message => message.Descriptor == kind.ContainingType && kind.Accessor.HasValue(message)), $"{kind.FullName} has no example.");
    }

    [Fact]
    public void Every_reason_state_and_code_is_explained()
    {
        foreach (var value in new[] { StatusReflection.Descriptor, EventReflection.Descriptor, CommandReflection.Descriptor }
            .SelectMany(file => file.EnumTypes).SelectMany(type => type.Values).Where(value => value.Number > 0))
        {
            var name = value.EnumDescriptor.Name == "RejectReason" ? value.Name["REJECT_REASON_".Length..] : value.Name;
            Assert.True(Document.Contains(name, StringComparison.Ordinal), $"{value.Name} is not in the document.");
        }
    }

    [Theory]
    [InlineData(MessageForm.Json)]
    [InlineData(MessageForm.Binary)]
    public async Task The_recorded_charge_happens_as_it_is_written(MessageForm form)
    {
        await using var app = await ChargingApp.StartAsync();
        var secret = await app.Services.GetRequiredService<PileAdmin>().RegisterAsync(DeviceNo.Parse("014441AC53"), 3, PlugNumbers.Decimal);
        var rider = await app.RegisterAsync();
        using var pile = await Wire.ConnectAsync(app.Port("Mqtt"), "014441AC53", secret!, form);
        Task<Answer>? payment = null;
        foreach (var step in Steps(Between(Document, "<!-- walk begins -->", "<!-- walk ends -->")))
        {
            switch (step.Who)
            {
                case "pile":
                    if (step.Message is PileEvent { ChargeEnded: { } ended })
                        await BackdateAsync(app, pile.OrderNo, TimeSpan.FromSeconds(ended.Seconds));
                    await pile.SendAsync(step.Message!);
                    break;
                case "server":
                    await pile.HearAsync(step.Json);
                    break;
                default:
                    pile.OrderNo = (await rider.ReserveAsync("014441AC53", "02")).Data!.Value.GetString()!;
                    payment = rider.ChargeAsync("014441AC53", "02", pile.OrderNo, 1.01);
                    break;
            }
        }
        Assert.Equal(200, (await payment!).Code);
        var order = (await rider.ListAsync()).Data!.Value.GetProperty("list")[0];
        Assert.Equal((pile.OrderNo, "2小时19分"), (order.GetProperty("orderNo").GetString(), order.GetProperty("elapsedTime").GetString()));
        await app.CheckInvariantsAsync();
    }

    /// <summary>Moves the payment of an order back by the time that its charge takes in the document.</summary>
    private static Task BackdateAsync(ChargingApp app, string orderNo, TimeSpan time) => app.Services.GetRequiredService<IStore>().RunAsync(async tx =>
    {
        var order = (await tx.GetAsync(OrderTables.Orders, orderNo))!;
        tx.Put(OrderTables.Orders, order with { PaidAt = order.PaidAt - time, StartedAt = order.StartedAt - time });
        return true;
    });

    private static string Between(string text, string from, string to) => text[text.IndexOf(from, StringComparison.Ordinal)..text.IndexOf(to, StringComparison.Ordinal)];

    private static IEnumerable<Step> Steps(string text) => Examples().Matches(text).Select(found => new Step(
        found.Groups["who"].Value,
        found.Groups["json"].Success ? Types.Single(type => type.Name == found.Groups["type"].Value).Type.Parser.ParseJson(found.Groups["json"].Value) : null,
        found.Groups["json"].Value,
        found.Groups["hex"].Value.ReplaceLineEndings("")));

    [GeneratedRegex("""<!-- (?:(?<who>pile|server) (?<type>\w+) -->\n```json\n(?<json>.*?)```\n```hex\n(?<hex>.*?)```|(?<who>rider pays) -->)""", RegexOptions.Singleline)]
    private static partial Regex Examples();

    private sealed record Step(string Who, IMessage? Message, string Json, string Binary);

    /// <summary>A connection that puts issued numbers in place of the documented ones, and back.</summary>
    private sealed class Wire(IMqttClient client, MessageForm form) : IDisposable
    {
        private static readonly string[] Times = ["issuedAt", "expiresAt", "now"];
        private readonly ConcurrentQueue<byte[]> _received = new();
        private readonly Dictionary<string, string> _issuedIds = [];

        public string OrderNo { get; set; } = DocumentedOrder;

        public static async Task<Wire> ConnectAsync(int port, string device, string secret, MessageForm form)
        {
            var client = new MqttClientFactory().CreateMqttClient();
            var wire = new Wire(client, form);
            client.ApplicationMessageReceivedAsync += e =>
            {
                wire._received.Enqueue(e.ApplicationMessage.Payload.ToArray());
                return Task.CompletedTask;
            };
            await client.ConnectAsync(new MqttClientOptionsBuilder()
                .WithTcpServer("127.0.0.1", port).WithProtocolVersion(MqttProtocolVersion.V311).WithClientId(device).WithCredentials(device, secret).Build());
            await client.SubscribeAsync($"piles/{device}/commands", MqttQualityOfServiceLevel.AtLeastOnce);
            return wire;
        }

        public Task SendAsync(IMessage documented)
        {
            var json = JsonFormatter.Default.Format(documented).Replace(DocumentedOrder, OrderNo, StringComparison.Ordinal);
            foreach (var (written, issued) in _issuedIds)
                json = json.Replace(written, issued, StringComparison.Ordinal);
            var topic = Types.Single(type => type.Type == documented.Descriptor).Topic;
            return client.PublishAsync(new MqttApplicationMessage
            {
                Topic = $"piles/014441AC53/{topic}",
                PayloadSegment = form == MessageForm.Json ? Encoding.UTF8.GetBytes(json) : documented.Descriptor.Parser.ParseJson(json).ToByteArray(),
                QualityOfServiceLevel = topic == "telemetry" ? MqttQualityOfServiceLevel.AtMostOnce : MqttQualityOfServiceLevel.AtLeastOnce,
            });
        }

        /// <summary>Waits for the next command and insists that it is the documented one, in the pile's form.</summary>
        public async Task HearAsync(string documented)
        {
            byte[] payload = [];
            await Retry.Until($"the server sends {documented}", () => _received.TryDequeue(out payload!));
            Assert.Equal(form == MessageForm.Json, payload[0] == '{');
            var text = form == MessageForm.Json ? Encoding.UTF8.GetString(payload) : JsonFormatter.Default.Format(Command.Parser.ParseFrom(payload));
            var heard = JsonNode.Parse(text.Replace(OrderNo, DocumentedOrder, StringComparison.Ordinal))!;
            var wanted = JsonNode.Parse(documented)!;
            var (id, writtenId) = ((string)heard["commandId"]!, (string)wanted["commandId"]!);
            if (id != writtenId)
            {
                Assert.Equal(writtenId.Split('-')[0], id.Split('-')[0]);
                _issuedIds[writtenId] = id;
                heard["commandId"] = writtenId;
            }
            Assert.Equal(15, ((DateTimeOffset)heard["expiresAt"]! - (DateTimeOffset)heard["issuedAt"]!).TotalSeconds);
            Blank(heard);
            Blank(wanted);
            Assert.True(JsonNode.DeepEquals(wanted, heard), $"Documented:\n{wanted}\nHeard:\n{heard}");
        }

        public void Dispose() => client.Dispose();

        private static void Blank(JsonNode node)
        {
            foreach (var (name, value) in node.AsObject().ToList())
            {
                if (Times.Contains(name))
                    node[name] = "";
                else if (value is JsonObject inside)
                    Blank(inside);
            }
        }
    }

    [GeneratedRegex(@"At most (?<max>\d+) characters\.\s+string (?<field>\w+) =")]
    private static partial Regex Promise();
}
