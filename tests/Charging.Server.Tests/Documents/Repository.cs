namespace Charging.Server.Tests.Documents;

/// <summary>The files of the repository that the tests were built from.</summary>
internal static class Repository
{
    private static readonly string[] NotOurs = ["bin", "obj", "node_modules", "artifacts", "TestResults", "data", ".git", ".buf-deps"];

    /// <summary>The folder of the solution.</summary>
    public static readonly string Root = FindRoot();

    /// <summary>The text of a file, by its path from the root.</summary>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path)).ReplaceLineEndings("\n");

    /// <summary>Files below a folder, by their paths from the root; none that was built or installed.</summary>
    public static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !path.Split('/').Any(NotOurs.Contains));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "ChargingGrpc.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("ChargingGrpc.sln is in no folder above the tests.");
        return folder.FullName;
    }
}
