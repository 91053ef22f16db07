using System.Globalization;
using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Storage;

namespace Charging.Server.Piles;

/// <summary>An event that was acted on, kept for 30 days, so that a resend is acknowledged without acting again.</summary>
public sealed record SeenEvent
{
    /// <summary>The pile.</summary>
    public required DeviceNo Device { get; init; }

    /// <summary>The secret's generation: a replaced board has a new one, and counts its events from 1.</summary>
    public required int SecretGeneration { get; init; }

    /// <summary>Number of the event.</summary>
    public required uint EventId { get; init; }

    /// <summary>When it was acted on, UTC.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What it told of; none for one of no known kind.</summary>
    public PileEvent.KindOneofCase Kind { get; init; }

    /// <summary>The order that it named; null when it named none.</summary>
    public string? OrderNo { get; init; }

    /// <summary>For a card swipe: whether a charge starts.</summary>
    public bool Accepted { get; init; }

    /// <summary>For a card swipe: why not. Null for other events.</summary>
    public CardReason? Reason { get; init; }

    /// <summary>For a card swipe: the limit for which an otherwise good card was refused, see <see cref="Cards.CardLimits"/>; null for others.</summary>
    public string? Limit { get; init; }

    /// <summary>For a card swipe: what is left on the account, in fen.</summary>
    public long BalanceFen { get; init; }

    /// <summary>Key of the event.</summary>
    public string Key => KeyOf(Device, SecretGeneration, EventId);

    /// <summary>Key of an event. A pile's events are in their order, so the old ones are found without an index.</summary>
    public static string KeyOf(DeviceNo device, int generation, uint eventId) =>
        string.Create(CultureInfo.InvariantCulture, $"{device}:{generation:D6}:{eventId:D10}");
}

/// <summary>A message that could not be understood, set aside for a person.</summary>
public sealed record QuarantinedMessage
{
    /// <summary>Number among those of the pile, from 1.</summary>
    public required long Number { get; init; }

    /// <summary>Its place among those that are kept of the pile, from 0: a newer message in the same place replaces it.</summary>
    public required int Place { get; init; }

    /// <summary>The pile.</summary>
    public required DeviceNo Device { get; init; }

    /// <summary>When it came, UTC.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Why it is here.</summary>
    public required string Reason { get; init; }

    /// <summary>The message, base64; cut at 4 KiB.</summary>
    public required string Payload { get; init; }
}

/// <summary>The last word on an alarm of a pile or a plug.</summary>
public sealed record PileAlarm
{
    private const int MaxNumbers = 16;

    /// <summary>The pile.</summary>
    public required DeviceNo Device { get; init; }

    /// <summary>The plug, from 1; 0 is the whole pile.</summary>
    public required int Plug { get; init; }

    /// <summary>What it is about.</summary>
    public required AlarmCode Code { get; init; }

    /// <summary>For <see cref="AlarmCode.Other"/>: the numbers of the codes that are raised, as the pile sends them; null for others.</summary>
    public IReadOnlyList<int>? Numbers { get; init; }

    /// <summary>How urgent it is.</summary>
    public required AlarmSeverity Severity { get; init; }

    /// <summary>True when it is raised, false when it was cleared.</summary>
    public required bool Raised { get; init; }

    /// <summary>Since when it is raised or cleared, UTC.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The secret's generation at that word.</summary>
    public int SecretGeneration { get; init; }

    /// <summary>Number of the event that said it.</summary>
    public uint EventId { get; init; }

    /// <summary>When it was raised last, UTC; null when it never was.</summary>
    public DateTimeOffset? RaisedAt { get; init; }

    /// <summary>When an operator took care of it, UTC; null when nobody did since it was raised last.</summary>
    public DateTimeOffset? AcknowledgedAt { get; init; }

    /// <summary>Name of the key of who took care of it.</summary>
    public string? AcknowledgedBy { get; init; }

    /// <summary>What it is known by.</summary>
    public string Id => IdOf(Device, Plug, Code);

    /// <summary>What an alarm is known by.</summary>
    public static string IdOf(DeviceNo device, int plug, AlarmCode code) => $"{device}-{plug:D2}-{code}";

    /// <summary>The plug that a pile names; 0 is the whole pile.</summary>
    public static int PlugOf(Alarm alarm) => (int)Math.Min(alarm.Plug, Pile.MaxPlugs);

    /// <summary>
    /// The pile says it again, raised or cleared. Said once more of what is raised already, whoever takes care of it still
    /// does, unless it has become more urgent. A word that comes after a newer one is of no account.
    /// </summary>
    public PileAlarm After(PileAlarm? before)
    {
        if (before is not null && (SecretGeneration, EventId).CompareTo((before.SecretGeneration, before.EventId)) < 0)
            return before;
        var open = before is { Raised: true } ? before.Numbers ?? [] : [];
        if (!Raised)
        {
            return open.Except(Numbers ?? []).ToList() is { Count: > 0 } others
                ? before! with { SecretGeneration = SecretGeneration, EventId = EventId, Numbers = others }
                : this with { RaisedAt = before?.RaisedAt, AcknowledgedAt = before?.AcknowledgedAt, AcknowledgedBy = before?.AcknowledgedBy };
        }
        if (before is { Raised: true } && Severity <= before.Severity && Numbers?.Except(open).Any() is not true)
            return before with { SecretGeneration = SecretGeneration, EventId = EventId };
        // What is less urgent takes nothing from what is open beside it.
        var severity = open.Except(Numbers ?? []).Any() && before!.Severity > Severity ? before.Severity : Severity;
        return this with { RaisedAt = At, Severity = severity, Numbers = Numbers is null ? null : [.. open.Union(Numbers).TakeLast(MaxNumbers)] };
    }

    /// <summary>An operator takes care of it.</summary>
    public PileAlarm Acknowledge(string by, DateTimeOffset at) => this with { AcknowledgedAt = at, AcknowledgedBy = by };

    /// <summary>It is over, by an operator's word.</summary>
    public PileAlarm Clear(DateTimeOffset at) => this with { Raised = false, At = at };
}

/// <summary>Where piles are kept, and what they said that must not be forgotten.</summary>
public static class PileTables
{
    /// <summary>Piles by device number.</summary>
    public static readonly Table<Pile> Piles = new("piles", StoreJson.Default.Pile, pile => pile.Device.ToString(), isResident: true);

    /// <summary>Events that were acted on.</summary>
    public static readonly Table<SeenEvent> SeenEvents = new("seen_events", StoreJson.Default.SeenEvent, seen => seen.Key);

    /// <summary>Messages set aside, by pile and place.</summary>
    public static readonly Table<QuarantinedMessage> Quarantine = new(
        "quarantine",
        StoreJson.Default.QuarantinedMessage,
        message => string.Create(CultureInfo.InvariantCulture, $"{message.Device}:{message.Place:D5}"));

    /// <summary>Alarms by pile, plug and code.</summary>
    public static readonly Table<PileAlarm> Alarms = new("alarms", StoreJson.Default.PileAlarm, alarm => alarm.Id);
}
