using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;

namespace Charging.Client.Cli;

/// <summary>Values of an enum on the command line, by their names in either case. "Unspecified" is none of them: it is what was not given.</summary>
internal static class Names
{
    /// <summary>An option that takes them, and shows them in its help.</summary>
    public static Option<T> ByName<T>(this Option<T> option)
        where T : struct, Enum
    {
        option.CustomParser = result => Read<T>(option.Name, result);
        Show<T>(option.CompletionSources);
        return option;
    }

    /// <summary>An argument that takes them, and shows them in its help.</summary>
    public static Argument<T> ByName<T>(this Argument<T> argument)
        where T : struct, Enum
    {
        argument.CustomParser = result => Read<T>($"<{argument.Name}>", result);
        Show<T>(argument.CompletionSources);
        return argument;
    }

    private static T Read<T>(string name, ArgumentResult result)
        where T : struct, Enum
    {
        var text = result.Tokens[0].Value;
        var names = Of<T>();
        if (names.FirstOrDefault(known => known.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } found)
            return Enum.Parse<T>(found);
        result.AddError($"{name} is '{text}': give {string.Join(", ", names[..^1])} or {names[^1]}.");
        return default;
    }

    private static void Show<T>(List<Func<CompletionContext, IEnumerable<CompletionItem>>> sources)
        where T : struct, Enum
    {
        sources.Clear();
        sources.Add(Of<T>());
    }

    private static string[] Of<T>()
        where T : struct, Enum =>
        [.. Enum.GetNames<T>().Where(name => name != "Unspecified")];
}
