namespace Charging.Server.Telemetry;

/// <summary>Who may read `/metrics`.</summary>
public enum MetricsAccess
{
    /// <summary>Everybody with an operator key, and nobody without.</summary>
    Key,

    /// <summary>This machine too, where no proxy can stand between and only this machine reaches the port.</summary>
    Loopback,

    /// <summary>Nobody: the page is not there.</summary>
    Off,
}

/// <summary>Settings under `Charging:Telemetry`.</summary>
public sealed record TelemetryOptions
{
    /// <summary>Who may read `/metrics` on the HTTP port.</summary>
    public MetricsAccess Metrics { get; init; } = MetricsAccess.Key;

    /// <summary>Where traces and metrics are sent over OTLP/gRPC, such as `http://127.0.0.1:4317`; nowhere when it is not set.</summary>
    public string? OtlpEndpoint { get; init; }

    internal string? Complaint() => OtlpEndpoint is null || (Uri.TryCreate(OtlpEndpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
        ? null
        : $"Charging:Telemetry:OtlpEndpoint is '{OtlpEndpoint}', which is no address: give one such as http://127.0.0.1:4317.";
}
