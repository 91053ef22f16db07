using System.CommandLine;

namespace Charging.Client.Cli;

/// <summary>The options that every command takes.</summary>
internal static class CommonOptions
{
    /// <summary>Where the server is.</summary>
    public static readonly Option<string> Address = new("--address")
    {
        Description = "Address of the server's gRPC port (CHARGECTL_ADDRESS).",
        DefaultValueFactory = _ => Set("CHARGECTL_ADDRESS") ?? "http://127.0.0.1:8091",
        HelpName = "url",
        Recursive = true,
    };

    /// <summary>Where the operator key is.</summary>
    public static readonly Option<string> KeyFile = new("--key-file")
    {
        Description = "File with the operator key, before CHARGECTL_KEY (CHARGECTL_KEY_FILE).",
        DefaultValueFactory = _ => Set("CHARGECTL_KEY_FILE") ?? Path.Combine(".", "data", "operator.key"),
        HelpName = "path",
        Recursive = true,
    };

    /// <summary>For scripts.</summary>
    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Writes one JSON document instead of tables.",
        Recursive = true,
    };

    /// <summary>The operator key.</summary>
    /// <exception cref="CliException">There is none.</exception>
    public static string ReadKey(ParseResult parse)
    {
        var named = parse.GetResult(KeyFile) is { Implicit: false };
        if (!named && Set("CHARGECTL_KEY") is { } key)
            return key.Trim();
        var path = parse.GetValue(KeyFile)!;
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"No operator key in {path}: set CHARGECTL_KEY, or name operator.key of the server's data directory with --key-file.");
        }
    }

    /// <summary>A number option that is refused outside a range.</summary>
    public static Option<T> InRange<T>(this Option<T> option, T from, T to)
        where T : struct, IComparable<T>
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<T>() is var value && (value.CompareTo(from) < 0 || value.CompareTo(to) > 0))
                result.AddError($"{option.Name} is {value}: give {from} to {to}.");
        });
        return option;
    }

    private static string? Set(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;
}
