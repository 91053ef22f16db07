namespace Charging.Server.Storage.LiteDb;

/// <summary>How the embedded store batches.</summary>
/// <param name="QueueLength">Operations that may wait; one more is refused as unavailable.</param>
/// <param name="MaxBatch">Operations that are committed together.</param>
public sealed record LiteDbOptions(int QueueLength = 4096, int MaxBatch = 512);
