using System.Diagnostics.Metrics;

namespace Charging.Server.Telemetry;

/// <summary>The counters of the server: one set for the process, cheap when nobody reads them. All are documented in docs/running.md.</summary>
public static class ServerMeter
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "Charging.Server";

    private static readonly Meter Meter = new(Name);

    /// <summary>How starts of paid charges came out, by `outcome`.</summary>
    public static readonly Counter<long> Starts = Meter.CreateCounter<long>("charging.starts", "{start}", "Starts of paid charges by outcome: power, rejected, silent, offline, amount, no_plug.");

    /// <summary>From the payment to power.</summary>
    public static readonly Histogram<double> StartDuration = Meter.CreateHistogram(
        "charging.start.duration", "s", "Seconds from the payment to power.", advice: Buckets(0.25, 0.5, 1, 2, 3, 5, 8, 10, 15, 30, 60, 120));

    /// <summary>Charges that have ended, by `reason`.</summary>
    public static readonly Counter<long> ChargesEnded = Meter.CreateCounter<long>("charging.charges.ended", "{charge}", "Charges that have ended, by the pile's reason.");

    /// <summary>Logins and registrations by `outcome`.</summary>
    public static readonly Counter<long> Logins = Meter.CreateCounter<long>("charging.logins", "{login}", "Logins and registrations by kind and by the code that they were answered with.");

    /// <summary>Calls without a valid operator key.</summary>
    public static readonly Counter<long> OperatorSignInsFailed = Meter.CreateCounter<long>("charging.operator.signins.failed", "{call}", "Calls of operators' methods without a valid key.");

    /// <summary>Validation codes by what the SMS provider said.</summary>
    public static readonly Counter<long> Sms = Meter.CreateCounter<long>("charging.sms", "{message}", "SMS with validation codes by the provider's answer: sent, refused, limit, no_answer.");

    /// <summary>What was refused because a limit was reached, by `limit`.</summary>
    public static readonly Counter<long> Limited = Meter.CreateCounter<long>("charging.limited", "{refusal}", "What was refused because a limit was reached, by the limit.");

    /// <summary>Operations that were committed together.</summary>
    public static readonly Histogram<int> BatchOperations = Meter.CreateHistogram(
        "charging.store.batch.operations", "{operation}", "Operations that were committed together.", advice: IntBuckets(1, 2, 4, 8, 16, 32, 64, 128, 256, 512));

    /// <summary>From the first operation of a batch to its last answer.</summary>
    public static readonly Histogram<double> BatchDuration = Meter.CreateHistogram(
        "charging.store.batch.duration", "s", "Seconds from the first operation of a batch until it was on disk.", advice: Buckets(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5));

    /// <summary>Batches that the disk did not take.</summary>
    public static readonly Counter<long> BatchesFailed = Meter.CreateCounter<long>("charging.store.batches.failed", "{batch}", "Batches that the disk did not take, or single operations PostgreSQL; their callers were told that the server is busy.");

    /// <summary>How often the wall clock was set, or this process stood still, by `kind`.</summary>
    public static readonly Counter<long> ClockJumps = Meter.CreateCounter<long>("charging.clock.jumps", "{jump}", "How often the wall clock was set, or this process stood still, by kind: forward, back, pause.");

    /// <summary>Operations that ran for too long, by `operation`.</summary>
    public static readonly Counter<long> SlowOperations = Meter.CreateCounter<long>("charging.store.operations.slow", "{operation}", "Operations of the store that ran for more than 50 ms, by operation.");

    /// <summary>Counts one more with one label.</summary>
    public static void Add(this Counter<long> counter, string label, string value) => counter.Add(1, new KeyValuePair<string, object?>(label, value));

    private static InstrumentAdvice<double> Buckets(params double[] bounds) => new() { HistogramBucketBoundaries = bounds };

    private static InstrumentAdvice<int> IntBuckets(params int[] bounds) => new() { HistogramBucketBoundaries = bounds };
}
