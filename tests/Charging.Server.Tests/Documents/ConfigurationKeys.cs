using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Charging.MqttBroker;

namespace Charging.Server.Tests.Documents;

/// <summary>Every setting that the server reads, found in its code.</summary>
internal static partial class ConfigurationKeys
{
    /// <summary>The settings with their defaults; null where the default is none, or depends on the environment.</summary>
    public static IReadOnlyDictionary<string, string?> Read()
    {
        var sections = Sections();
        var keys = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        foreach (var options in OptionsTypes())
        {
            if (!sections.TryGetValue(options.Name, out var section))
                throw new InvalidOperationException($"{options.Name} is read from no section: AddSettings<{options.Name}>(\"Charging:…\") is not in the code.");
            var defaults = Activator.CreateInstance(options);
            foreach (var property in options.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite))
                keys[$"{section}:{property.Name}"] = Write(property.GetValue(defaults));
        }
        foreach (var single in Code().SelectMany(code => Literal().Matches(code)).Select(m => m.Groups["key"].Value))
        {
            if (!sections.ContainsValue(single))
                keys.TryAdd(single, null);
        }
        foreach (var (name, url) in Endpoints())
            keys[$"Kestrel:Endpoints:{name}:Url"] = url;
        return keys;
    }

    private static IEnumerable<Type> OptionsTypes() =>
        new[] { typeof(Program).Assembly, typeof(PileBrokerOptions).Assembly }
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal) && type is { IsClass: true, IsAbstract: false, IsNested: false });

    private static Dictionary<string, string> Sections()
    {
        var sections = Code().SelectMany(code => AddSettings().Matches(code))
            .ToDictionary(m => m.Groups["type"].Value, m => m.Groups["section"].Value);
        sections[nameof(PileBrokerOptions)] = PileBrokerOptions.Section;
        return sections;
    }

    private static IEnumerable<string> Code() => Repository.Files("src/Server", "*.cs").Select(Repository.Read);

    private static Dictionary<string, string> Endpoints()
    {
        using var settings = JsonDocument.Parse(Repository.Read("src/Server/appsettings.json"));
        var endpoints = settings.RootElement.GetProperty("Kestrel").GetProperty("Endpoints").EnumerateObject()
            .ToDictionary(endpoint => endpoint.Name, endpoint => endpoint.Value.GetProperty("Url").GetString()!);
        // Only where the broker is the server's own, and so not in the file.
        endpoints[PileBrokerExtensions.EndpointName] = PileBrokerExtensions.DefaultUrl;
        return endpoints;
    }

    private static string? Write(object? value) => value switch
    {
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        string text => text,
        IEnumerable or null => null,
        _ => value.ToString(),
    };

    [GeneratedRegex("""AddSettings<(?<type>\w+)>\(\s*"(?<section>[^"]+)""")]
    private static partial Regex AddSettings();

    [GeneratedRegex("""
        "(?<key>Charging(:\w+)+)"
        """)]
    private static partial Regex Literal();
}
