namespace Charging.Server.Storage.LiteDb;

/// <summary>How the embedded store batches: settings under `Charging:Store`.</summary>
public sealed record LiteDbOptions
{
    /// <summary>Operations that may wait; one more is refused as unavailable.</summary>
    public int QueueLength { get; init; } = 4096;

    /// <summary>Operations that are committed together.</summary>
    public int MaxBatch { get; init; } = 512;

    /// <summary>One sentence about the first setting that makes no sense; null when all do.</summary>
    public string? Complaint() => this switch
    {
        { QueueLength: < 1 } => "Charging:Store:QueueLength is below 1: give how many operations may wait, such as 4096.",
        { MaxBatch: < 1 } => "Charging:Store:MaxBatch is below 1: give how many operations are committed together, such as 512.",
        _ => null,
    };
}
