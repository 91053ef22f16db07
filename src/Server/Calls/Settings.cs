using System.Reflection;

namespace Charging.Server.Calls;

/// <summary>Settings that are read once, at the start, and are refused there when they make no sense.</summary>
public static class Settings
{
    /// <summary>Reads a section into a record of options and registers it.</summary>
    /// <param name="builder">The server being built.</param>
    /// <param name="section">Name of the section, for example `Charging:Codes`.</param>
    /// <param name="complaint">One sentence that names the setting that makes no sense and what to do; null when all do.</param>
    /// <exception cref="StartupException">A setting cannot be read or makes no sense.</exception>
    public static T AddSettings<T>(this WebApplicationBuilder builder, string section, Func<T, string?>? complaint = null)
        where T : class, new()
    {
        builder.KnowSettings<T>(section);
        T settings;
        try
        {
            settings = builder.Configuration.GetSection(section).Get<T>() ?? new T();
        }
        catch (InvalidOperationException e)
        {
            throw new StartupException($"A setting cannot be read: {e.Message.TrimEnd('.')}. Correct it in appsettings.json or in the environment.", e);
        }
        if (complaint?.Invoke(settings) is { } sentence)
            throw new StartupException(sentence);
        builder.Services.AddSingleton(settings);
        return settings;
    }

    /// <summary>Notes settings that are not read this time, for what they belong to was not chosen; they are no mistake.</summary>
    public static void KnowSettings<T>(this WebApplicationBuilder builder, string section) => Known(builder).Add((section, typeof(T)));

    /// <summary>
    /// Refuses what is under `Charging` and is no setting. Misspelled, it would be ignored without a word, and the default
    /// be used for an operator's money. Called when all that are read were added.
    /// </summary>
    /// <param name="builder">The server being built.</param>
    /// <param name="isWhole">Whether all sections were added; else those that were not are left alone.</param>
    /// <exception cref="StartupException">There is one.</exception>
    public static void RefuseUnknownSettings(this WebApplicationBuilder builder, bool isWhole = true)
    {
        var known = Known(builder).SelectMany(read => NamesOf(read.Section, read.Type)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (FirstUnknown(builder.Configuration.GetSection("Charging"), known, isWhole) is not { } unknown)
            return;
        var section = unknown[..unknown.LastIndexOf(':')];
        var names = known.Where(name => name.LastIndexOf(':') == section.Length && name.StartsWith(section, StringComparison.OrdinalIgnoreCase));
        throw new StartupException($"{unknown} is no setting: correct its name or leave it out. {section} has {string.Join(", ", names.Select(name => name[(section.Length + 1)..]).Order(StringComparer.Ordinal))}.");
    }

    private static List<(string Section, Type Type)> Known(WebApplicationBuilder builder)
    {
        var properties = ((IHostApplicationBuilder)builder).Properties;
        if (!properties.TryGetValue(typeof(Settings), out var known))
            properties[typeof(Settings)] = known = new List<(string, Type)>();
        return (List<(string, Type)>)known;
    }

    /// <summary>The section, those that it is in, and its settings.</summary>
    private static IEnumerable<string> NamesOf(string section, Type type)
    {
        for (var end = section.Length; end > 0; end = section.LastIndexOf(':', end - 1))
            yield return section[..end];
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite))
            yield return $"{section}:{property.Name}";
    }

    private static string? FirstUnknown(IConfigurationSection section, HashSet<string> known, bool isWhole) => section.GetChildren()
        .Where(child => isWhole || child.Value is not null || known.Contains(child.Path))
        .Select(child => !known.Contains(child.Path) ? child.Path : IsSection(child, known) ? FirstUnknown(child, known, isWhole) : null)
        .FirstOrDefault(unknown => unknown is not null);

    // What is below a setting itself are the items of a list.
    private static bool IsSection(IConfigurationSection section, HashSet<string> known) =>
        known.Any(name => name.StartsWith($"{section.Path}:", StringComparison.OrdinalIgnoreCase));
}
