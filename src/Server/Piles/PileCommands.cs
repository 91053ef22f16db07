using System.Diagnostics;
using System.Globalization;
using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Orders;
using Charging.Server.Telemetry;
using Google.Protobuf.WellKnownTypes;

namespace Charging.Server.Piles;

/// <summary>The commands of the pile protocol, as the server says them.</summary>
public sealed class PileCommands(IPileLink link, TimeProvider clock)
{
    // A pile that hears a command later than this refuses it.
    private static readonly TimeSpan Validity = TimeSpan.FromSeconds(15);

    // Random, for a pile does nothing at an id that it has seen, and the clock may be set back between two starts.
    private long _number = Random.Shared.NextInt64(long.MaxValue / 2);

    /// <summary>The id of an order's start command: one for each order, so a resend is known as one.</summary>
    public static string StartId(string orderNo) => $"start-{orderNo}";

    /// <summary>The order that the id of a start or a stop names; null for other commands.</summary>
    public static (string Verb, string OrderNo)? OrderOf(string commandId) => commandId.Split('-', 4) switch
    {
        ["start", var orderNo] => ("start", orderNo),
        ["stop", var orderNo, _] => ("stop", orderNo),
        _ => null,
    };

    /// <summary>Starts a charge. False when the pile is not connected.</summary>
    public async ValueTask<bool> StartAsync(PlugId plug, string orderNo, ChargeLimits limits, CancellationToken cancellationToken = default)
    {
        using var span = ChargeTrace.Begin("send start", ActivityKind.Producer, orderNo);
        var start = new StartCharge { OrderNo = orderNo, Plug = (uint)plug.Number, MaxSeconds = (uint)limits.Seconds, MaxEnergyWh = (uint)limits.EnergyWh, MaxPowerW = (uint)limits.PowerW };
        var sent = await SendAsync(plug.Device, new Command { CommandId = StartId(orderNo), StartCharge = start }, cancellationToken);
        span?.SetTag("charging.sent", sent);
        return sent;
    }

    /// <summary>
    /// Stops a charge. False when the pile is not connected. Each stop has an id of its own: the pile may have answered an
    /// earlier one that there is no such charge, and begun it then.
    /// </summary>
    public ValueTask<bool> StopAsync(PlugId plug, string orderNo, CancellationToken cancellationToken = default)
    {
        var stop = new StopCharge { OrderNo = orderNo, Plug = (uint)plug.Number };
        return SendAsync(plug.Device, new Command { CommandId = NextId($"stop-{orderNo}"), StopCharge = stop }, cancellationToken);
    }

    /// <summary>Answers a card swipe.</summary>
    public ValueTask<bool> DecideAsync(DeviceNo device, CardDecision decision) =>
        SendAsync(device, new Command { CommandId = NextId("card"), CardDecision = decision });

    /// <summary>Acknowledges an event whose effect is durable.</summary>
    public ValueTask<bool> AckAsync(DeviceNo device, uint eventId) =>
        SendAsync(device, new Command { CommandId = NextId("ack"), EventAck = new EventAck { EventId = eventId } });

    /// <summary>Tells the time.</summary>
    public ValueTask<bool> SetTimeAsync(DeviceNo device) =>
        SendAsync(device, new Command { CommandId = NextId("time"), SetTime = new SetTime { Now = clock.GetUtcNow().ToTimestamp() } });

    /// <summary>Asks for a status.</summary>
    public ValueTask<bool> ReportStatusAsync(DeviceNo device) =>
        SendAsync(device, new Command { CommandId = NextId("report"), ReportStatus = new ReportStatus() });

    /// <summary>Sends a command under an id of its own. False when the pile is not connected.</summary>
    public ValueTask<bool> SendAsync(DeviceNo device, string commandId, Command command, CancellationToken cancellationToken)
    {
        command.CommandId = commandId;
        if (command.KindCase == Command.KindOneofCase.SetTime)
            command.SetTime.Now = clock.GetUtcNow().ToTimestamp();
        return SendAsync(device, command, cancellationToken);
    }

    /// <summary>A new id for a command.</summary>
    public string NextId(string verb) =>
        string.Create(CultureInfo.InvariantCulture, $"{verb}-{Interlocked.Increment(ref _number):x}");

    private ValueTask<bool> SendAsync(DeviceNo device, Command command, CancellationToken cancellationToken = default)
    {
        var now = clock.GetUtcNow();
        command.IssuedAt = now.ToTimestamp();
        command.ExpiresAt = (now + Validity).ToTimestamp();
        return link.SendAsync(device, command, cancellationToken);
    }
}
