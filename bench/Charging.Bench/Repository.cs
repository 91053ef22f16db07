namespace Charging.Bench;

/// <summary>Where the sources are that this program was built from: plots go there, and the peer is there.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    private static string Find(DirectoryInfo? folder) => folder is null
        ? throw new InvalidOperationException("The benchmarks run where they were built: no ChargingGrpc.sln above them.")
        : File.Exists(Path.Combine(folder.FullName, "ChargingGrpc.sln")) ? folder.FullName : Find(folder.Parent);
}
