namespace Charging.MqttBroker;

/// <summary>
/// Limits of the broker, section <c>Charging:Mqtt</c>. The address and the certificate are Kestrel's:
/// <c>Kestrel:Endpoints:Mqtt</c>.
/// </summary>
public sealed class PileBrokerOptions
{
    /// <summary>The section that they are read from.</summary>
    public const string Section = "Charging:Mqtt";

    /// <summary>Most connections at a time that have not been authenticated yet; a new one displaces the newest of the network (/24, for IPv6 /48) with the most of them. 1 to 100,000.</summary>
    public int MaxPendingConnections { get; set; } = 1000;

    /// <summary>Longest time from accept to a complete CONNECT, the TLS handshake included, in seconds. 1 to 60.</summary>
    public int ConnectTimeoutSeconds { get; set; } = 5;

    /// <summary>Longest time that a write to a pile may be stuck before its connection is cut, in seconds. 1 to 60.</summary>
    public int WriteTimeoutSeconds { get; set; } = 5;

    /// <summary>Packets of one pile that are taken in a second, in the long run. 1 to 1,000,000.</summary>
    public int PacketsPerSecond { get; set; } = 50;

    /// <summary>Packets of one pile that are taken at once, before it is slowed. 1 to 1,000,000.</summary>
    public int PacketBurst { get; set; } = 200;

    /// <summary>How long a pile is slowed before its connection is closed, in seconds. 1 to 600.</summary>
    public int FloodPatienceSeconds { get; set; } = 10;

    /// <summary>Events and results of one pile that are being handled before its next ones wait. 1 to 1,000.</summary>
    public int MaxMessagesInFlight { get; set; } = 32;

    /// <summary>Commands that one pile has been sent and has not acknowledged; more are not taken. 1 to 1,000.</summary>
    public int MaxCommandsInFlight { get; set; } = 64;

    /// <summary>What is wrong with the settings, as sentences that name the setting; empty when nothing is.</summary>
    public IEnumerable<string> Faults()
    {
        foreach (var (name, value, max) in new[]
        {
            (nameof(MaxPendingConnections), MaxPendingConnections, 100_000),
            (nameof(ConnectTimeoutSeconds), ConnectTimeoutSeconds, 60),
            (nameof(WriteTimeoutSeconds), WriteTimeoutSeconds, 60),
            (nameof(PacketsPerSecond), PacketsPerSecond, 1_000_000),
            (nameof(PacketBurst), PacketBurst, 1_000_000),
            (nameof(FloodPatienceSeconds), FloodPatienceSeconds, 600),
            (nameof(MaxMessagesInFlight), MaxMessagesInFlight, 1000),
            (nameof(MaxCommandsInFlight), MaxCommandsInFlight, 1000),
        })
        {
            if (value < 1 || value > max)
                yield return $"{Section}:{name} is {value}; set it to a number from 1 to {max}.";
        }
    }
}
