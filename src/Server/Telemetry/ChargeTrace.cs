using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Charging.Server.Telemetry;

/// <summary>
/// One charge is one trace, whoever works on it and when: its trace id comes from the order number, so nothing has to be
/// stored or handed on, and a restart in between changes nothing. The parent of its spans is a root that is never sent.
/// </summary>
public static class ChargeTrace
{
    /// <summary>The source of the spans.</summary>
    public static readonly ActivitySource Source = new("Charging.Server");

    /// <summary>The trace of an order.</summary>
    public static ActivityContext ContextOf(string orderNo)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"charge {orderNo}"));
        return new ActivityContext(
            ActivityTraceId.CreateFromBytes(hash.AsSpan(0, 16)), ActivitySpanId.CreateFromBytes(hash.AsSpan(16, 8)), ActivityTraceFlags.Recorded, isRemote: true);
    }

    /// <summary>Begins a span of an order's trace, linked to what goes on around it. Null, and free, when nobody listens.</summary>
    public static Activity? Begin(string name, ActivityKind kind, string orderNo, DateTimeOffset beganAt = default)
    {
        if (!Source.HasListeners())
            return null;
        var around = Activity.Current is { Context: var context } && context != default ? [new ActivityLink(context)] : Array.Empty<ActivityLink>();
        return Source.StartActivity(name, kind, ContextOf(orderNo), [new("charging.order", orderNo)], around, beganAt);
    }

    /// <summary>Writes a span that is over.</summary>
    public static void Write(string name, string orderNo, DateTimeOffset from, DateTimeOffset to, params ReadOnlySpan<(string Key, object? Value)> tags)
    {
        using var span = Begin(name, ActivityKind.Internal, orderNo, from);
        foreach (var (key, value) in tags)
            span?.SetTag(key, value);
        span?.SetEndTime(to.UtcDateTime < from.UtcDateTime ? from.UtcDateTime : to.UtcDateTime);
    }
}
