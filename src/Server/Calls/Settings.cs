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
}
