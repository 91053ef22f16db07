namespace Charging.Server.Calls;

/// <summary>A secret of the operator's, which stands in a setting or in a file that a second setting names.</summary>
public static class SecretSetting
{
    /// <summary>Reads the secret. What it is never becomes part of a complaint.</summary>
    /// <param name="value">What the setting says.</param>
    /// <param name="file">What the setting's sibling with `File` at its end says: a path, seen from where the server is started.</param>
    /// <param name="setting">Name of the setting, for example `Charging:Sms:Tencent:SecretKey`.</param>
    /// <param name="purpose">What to give, for example `the SecretKey of the API key`.</param>
    /// <exception cref="StartupException">There is none, there are two, or the file does not hold one.</exception>
    public static string Read(string? value, string? file, string setting, string purpose)
    {
        var (secret, source) = ReadText(value, file, setting, purpose);
        // An editor's line break at the end of a file is no part of the secret; one in the middle is a mistake.
        secret = secret.Trim();
        return secret.Length > 0 && secret.All(c => c is > ' ' and <= '~')
            ? secret
            : throw new StartupException($"{source} holds no secret of printable ASCII without spaces: give {purpose}.");
    }

    /// <summary>Reads a secret of several lines, such as a key in PEM. Whether it is one is the caller's to judge.</summary>
    /// <inheritdoc cref="Read"/>
    public static string ReadPem(string? value, string? file, string setting, string purpose) => ReadText(value, file, setting, purpose).Text;

    private static (string Text, string Source) ReadText(string? value, string? file, string setting, string purpose)
    {
        var (given, named) = (!string.IsNullOrEmpty(value), !string.IsNullOrEmpty(file));
        if (given && named)
            throw new StartupException($"{setting} and {setting}File are both set: keep one of them.");
        if (!given && !named)
            throw new StartupException($"{setting} is not set: give {purpose}, or name a file that holds it in {setting}File.");
        return given ? (value!, setting) : (ReadFile(file!, setting), $"The file of {setting}File");
    }

    private static string ReadFile(string path, string setting)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new StartupException($"{setting}File names {path}, which cannot be read: name a file that the server's user may read.", e);
        }
    }
}
