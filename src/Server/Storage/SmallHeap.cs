namespace Charging.Server.Storage;

/// <summary>
/// Reading a whole table in a process that may use little memory. What the reading leaves behind is free, but the collector keeps
/// it from the operating system, and then has no room under its limit for an array of an index that grows.
/// </summary>
internal static class SmallHeap
{
    private static long _relievedAt;

    /// <summary>Gives back what is free, when most of what the process may use is taken. To be called after each slice.</summary>
    public static void Relieve()
    {
        var info = GC.GetGCMemoryInfo();
        var allocated = GC.GetTotalAllocatedBytes();
        if (info.TotalCommittedBytes < info.TotalAvailableMemoryBytes / 4 * 3 || allocated - Volatile.Read(ref _relievedAt) < info.TotalAvailableMemoryBytes / 16)
            return;
        Volatile.Write(ref _relievedAt, allocated);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }
}
