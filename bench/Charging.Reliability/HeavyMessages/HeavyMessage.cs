using Charging.Device.V1;
using Charging.MqttBroker;
using Google.Protobuf;

namespace Charging.Reliability.HeavyMessages;

/// <summary>A message of a pile, as large and as laborious as the protocol allows.</summary>
/// <param name="Topic">Its topic under the pile's own; null for a will, which is published when the connection breaks.</param>
/// <param name="Payload">At most 16 KiB.</param>
internal sealed record HeavyMessage(string? Topic, byte[] Payload);

/// <summary>What the pile that sends them knows.</summary>
/// <param name="Live">Its charges, the first at plug 1 and so on.</param>
/// <param name="Over">Orders of it that are over.</param>
/// <param name="Foreign">Charges of another pile.</param>
/// <param name="CardNo">A card with money.</param>
internal sealed record KnownOrders(IReadOnlyList<string> Live, IReadOnlyList<string> Over, IReadOnlyList<string> Foreign, string CardNo);

/// <summary>A kind of heavy messages.</summary>
/// <param name="Name">What is heavy about it.</param>
/// <param name="Make">Makes the message of a number, another one for each.</param>
internal sealed record HeavyKind(string Name, Func<int, HeavyMessage> Make)
{
    /// <summary>The plugs of the pile that sends them.</summary>
    public const int Plugs = 99;

    // A will is a part of the CONNECT, which may have 4 KiB.
    private const int PlugsOfWill = 80;

    /// <summary>The boot that it says it is in.</summary>
    public const string BootId = "heavy";

    /// <summary>All of them; the last is any of the others, in turn.</summary>
    public static IReadOnlyList<HeavyKind> Of(KnownOrders known)
    {
        HeavyKind[] statuses =
        [
            Status("charges for invented orders", (plug, n) => Charges(plug, $"x{n:D10}y{plug:D20}")),
            Status("charges for orders that are over", (plug, n) => Charges(plug, At(known.Over, plug + n))),
            Status("charges for another pile's orders", (plug, n) => Charges(plug, At(known.Foreign, plug + n))),
            Status("charges at other plugs than their own", (plug, n) => Charges(plug, At(known.Live, plug + n))),
            Status("charges that come and go", (plug, n) => n % 2 == 0 && plug <= known.Live.Count ? Charges(plug, known.Live[plug - 1]) : new PlugStatus { State = PlugState.Idle }),
            new("charges in wills", n => new HeavyMessage(null, StatusOf(n, plug => Charges(plug, $"w{n:D10}y{plug:D20}"), Enumerable.Range(1, PlugsOfWill)).ToByteArray())),
            new("a plug over and over", n => new HeavyMessage("status", Fill(StatusOf(n, _ => new PlugStatus { State = PlugState.Charging, OrderNo = "x" }, Enumerable.Repeat(1, 1600)), n))),
        ];
        HeavyKind[] others =
        [
            new("telemetry", n => new HeavyMessage("telemetry", Fill(new PileTelemetry { Plugs = { Enumerable.Range(1, 1500).Select(plug => new PlugTelemetry { Plug = (uint)plug, PowerW = (uint)n }) } }, n))),
            Result("answers to starts", n => $"start-{Any(known, n)}", n => n % 3 == 0 ? CommandOutcome.Rejected : CommandOutcome.Done),
            Result("answers to stops", n => $"stop-{Any(known, n)}-1", n => n % 2 == 0 ? CommandOutcome.Rejected : CommandOutcome.Done),
            Result("answers that came too late", n => $"start-{Any(known, n)}", _ => CommandOutcome.Rejected, RejectReason.Expired),
            Result("answers under long names", _ => new string('-', 16_000), _ => CommandOutcome.Done),
            Event("starts that nobody wants", (raised, n) => raised.ChargeStarted = new ChargeStarted { OrderNo = n % 2 == 0 ? $"z{n:D30}" : Any(known, n), Plug = (uint)(n % Plugs) + 1 }),
            Event("ends of charges at other plugs", (raised, n) => raised.ChargeEnded = new ChargeEnded { OrderNo = Any(known, n), Plug = Plugs, Seconds = uint.MaxValue, EnergyWh = uint.MaxValue }),
            Event("smoke at all plugs", (raised, n) => raised.Alarm = new Alarm { Code = AlarmCode.Smoke, Severity = AlarmSeverity.Critical, Raised = n % 4 != 3 }),
            Event("alarms of all kinds", (raised, n) => raised.Alarm = new Alarm { Code = (AlarmCode)(n % 7), Plug = (uint)(n / 7 % (Plugs + 1)), Severity = AlarmSeverity.Critical, Raised = n % 2 == 0 }),
            Event("swipes", (raised, n) => raised.CardSwiped = new CardSwiped { CardNo = n % 2 == 0 ? known.CardNo : $"{n:D10}", Plug = (uint)(n % Plugs) + 1 }),
            Event("swipes of cards with long numbers", (raised, _) => raised.CardSwiped = new CardSwiped { CardNo = new string('7', 16_000), Plug = 1 }),
            Event("events of no kind", (_, _) => { }),
            new("the same event again", n => new HeavyMessage("events", Fill(new PileEvent { EventId = 1_000_001, BootId = BootId, ChargeStarted = new ChargeStarted { OrderNo = "z", Plug = 1 } }, n))),
            new("what cannot be read", n => new HeavyMessage(n % 2 == 0 ? "events" : "results", [.. "{"u8, .. Enumerable.Repeat((byte)'[', Codec.MaxMessageBytes - 1)])),
        ];
        HeavyKind[] each = [.. statuses, .. others];
        return [.. each, new("all of these in turn", n => each[n % each.Length].Make(n))];
    }

    private static string At(IReadOnlyList<string> orders, int n) => orders[n % orders.Count];

    private static string Any(KnownOrders known, int n) => (n % 4) switch
    {
        0 => At(known.Live, n / 4),
        1 => At(known.Over, n / 4),
        2 => At(known.Foreign, n / 4),
        _ => $"x{n / 4:D10}y{(n % Plugs) + 1:D20}",
    };

    private static HeavyKind Status(string name, Func<int, int, PlugStatus> plug) =>
        new(name, n => new HeavyMessage("status", Fill(StatusOf(n, number => plug(number, n)), n)));

    private static HeavyKind Result(string name, Func<int, string> id, Func<int, CommandOutcome> outcome, RejectReason reason = RejectReason.OrderMismatch) =>
        new(name, n => new HeavyMessage("results", Fill(new CommandResult { CommandId = id(n), Outcome = outcome(n), Reason = outcome(n) == CommandOutcome.Done ? default : reason }, n)));

    // What the pile raised before counts from 1.
    private static HeavyKind Event(string name, Action<PileEvent, int> fill) => new(name, n =>
    {
        var raised = new PileEvent { EventId = (uint)(1_000_000 + Interlocked.Increment(ref _events)), BootId = BootId };
        fill(raised, n);
        return new HeavyMessage("events", Fill(raised, n));
    });

    private static int _events = 1;

    private static PlugStatus Charges(int plug, string orderNo) =>
        new() { State = PlugState.Charging, OrderNo = orderNo, PowerW = (uint)(100 + plug), ElapsedSeconds = (uint)plug };

    private static PileStatus StatusOf(int n, Func<int, PlugStatus> plug, IEnumerable<int>? plugs = null) => new()
    {
        ProtocolVersion = 1,
        BootId = BootId,
        ConnectionId = "heavy",
        Online = true,
        Seq = (uint)(2 * n),
        Plugs =
        {
            (plugs ?? Enumerable.Range(1, Plugs)).Select(number =>
            {
                var status = plug(number);
                status.Plug = (uint)number;
                return status;
            }),
        },
    };

    // JSON takes longer to read. What no program knows takes the room that is left, as newer firmware may.
    private static byte[] Fill(IMessage message, int n)
    {
        if (n % 2 == 0 && Codec.Write(message, MessageForm.Json) is { Length: < Codec.MaxMessageBytes - 20 } json)
            return [.. json.AsSpan()[..^1], .. System.Text.Encoding.ASCII.GetBytes($"{(json.Length > 3 ? "," : "")}\"new\":\"{new string('n', Codec.MaxMessageBytes - 20 - json.Length)}\"}}")];
        var binary = message.ToByteArray();
        var room = Codec.MaxMessageBytes - 8 - binary.Length;
        if (room <= 0)
            return binary;
        // Field 1000, of so many bytes.
        return [.. binary, 0xC2, 0x3E, (byte)(room | 0x80), (byte)(room >> 7), .. new byte[room]];
    }
}
