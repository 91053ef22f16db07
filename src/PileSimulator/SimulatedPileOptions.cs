namespace Charging.PileSimulator;

/// <summary>How a pile writes its messages. It reads both forms.</summary>
public enum PileEncoding
{
    /// <summary>Protobuf JSON.</summary>
    Json,

    /// <summary>Protobuf binary.</summary>
    Binary,
}

/// <summary>What a simulated pile is and where it connects.</summary>
public sealed record SimulatedPileOptions
{
    /// <summary>Host of the MQTT broker.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Port of the MQTT broker.</summary>
    public int Port { get; init; } = 1883;

    /// <summary>Whether the connection is encrypted.</summary>
    public bool UseTls { get; init; }

    /// <summary>With TLS: take any certificate of the broker. For self-signed ones on a developer's machine.</summary>
    public bool TrustAnyCertificate { get; init; }

    /// <summary>Device number: client id, user name and part of every topic.</summary>
    public required string DeviceNo { get; init; }

    /// <summary>The pile's own secret, its MQTT password.</summary>
    public required string Secret { get; init; }

    /// <summary>Number of plugs, 1 to 99.</summary>
    public int PlugCount { get; init; } = 10;

    /// <summary>How the pile writes.</summary>
    public PileEncoding Encoding { get; init; }

    /// <summary>Time between two statuses when nothing changes.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Time until an event that was not acknowledged is sent again; doubles up to 10 minutes.</summary>
    public TimeSpan FirstResend { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest pause between two attempts to connect; they begin at 100 ms and double.</summary>
    public TimeSpan LongestReconnectPause { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many times sooner than at its limit a charge ends. It reports the time that has passed: the server believes no other.</summary>
    public double Speed { get; init; } = 1;

    /// <summary>Power that a vehicle draws, in watts. Above an order's limit the pile ends the charge with OVERLOAD.</summary>
    public uint PowerW { get; init; } = 180;

    /// <summary>Whether a vehicle stands at every plug from the start.</summary>
    public bool VehiclesConnected { get; init; } = true;

    /// <summary>How long after a charge the next vehicle takes the plug; null: the plug waits for a verb.</summary>
    public TimeSpan? NextVehicleAfter { get; init; }

    /// <summary>Seed of what the pile does at random (<see cref="PileFaults.AnswerDelayShare"/>).</summary>
    public int Seed { get; init; }

    /// <summary>The pile's clock. The MQTT connection itself and the pauses between two attempts use real time.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
