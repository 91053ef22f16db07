using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Charging.MqttBroker;
using Charging.Server.Calls;

namespace Charging.Server.Piles;

/// <summary>Whose broker the piles connect to.</summary>
public enum BrokerMode
{
    /// <summary>The server's own.</summary>
    Embedded,

    /// <summary>One beside it, which several nodes share.</summary>
    External,
}

/// <summary>Which broker, section `Charging:Mqtt`. What follows the mode is read for an external one alone (docs/scale.md).</summary>
public sealed record MqttOptions
{
    private const string Section = "Charging:Mqtt";
    private const int ShortestHookSecret = 32;

    /// <summary>Whose broker it is.</summary>
    public BrokerMode Mode { get; init; }

    /// <summary>Where it is: `mqtt://host:1883`, or `mqtts://host:8883` for TLS.</summary>
    public string? Url { get; init; }

    /// <summary>With TLS: a PEM file with whoever signs its certificate; none for whom the machine trusts.</summary>
    public string? CaFile { get; init; }

    /// <summary>User name of the nodes.</summary>
    public string? Username { get; init; }

    /// <summary>Its password.</summary>
    public string? Password { get; init; }

    /// <summary>A file that holds it.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>This node's client id; none for the machine's name and a random number.</summary>
    public string? NodeId { get; init; }

    /// <summary>What the broker shows when it asks who may do what; none when it does not ask.</summary>
    public string? HookSecret { get; init; }

    /// <summary>A file that holds it.</summary>
    public string? HookSecretFile { get; init; }

    /// <summary>A setting of an external broker that is there; null when none is.</summary>
    internal string? OfExternal => new (string Name, string? Value)[]
    {
        (nameof(Url), Url), (nameof(CaFile), CaFile), (nameof(Username), Username), (nameof(Password), Password), (nameof(PasswordFile), PasswordFile),
        (nameof(NodeId), NodeId), (nameof(HookSecret), HookSecret), (nameof(HookSecretFile), HookSecretFile),
    }.Where(setting => !string.IsNullOrEmpty(setting.Value)).Select(setting => $"{Section}:{setting.Name}").FirstOrDefault();

    /// <summary>The broker that they name.</summary>
    /// <exception cref="StartupException">A setting makes no sense.</exception>
    internal ExternalBrokerPlace Place()
    {
        if (!Uri.TryCreate(Url, UriKind.Absolute, out var url) || url.Scheme is not (ExternalBrokerPlace.Scheme or ExternalBrokerPlace.SchemeTls)
            || url.Host.Length == 0 || url.PathAndQuery is not ("" or "/") || url.UserInfo.Length > 0)
            throw new StartupException($"{Section}:Url is '{Url}': give the address of the broker, such as mqtt://127.0.0.1:1883, or mqtts://broker:8883 for TLS.");
        if (!IsName(Username))
            throw new StartupException($"{Section}:Username is '{Username}': give the user name of the nodes, 1 to 64 letters, digits, '-', '_' and '.', and no device number.");
        var node = string.IsNullOrEmpty(NodeId) ? NewNodeId() : NodeId;
        if (!IsName(node))
            throw new StartupException($"{Section}:NodeId is '{node}': give this node's name, 1 to 64 letters, digits, '-', '_' and '.', and no device number.");
        var password = SecretSetting.Read(Password, PasswordFile, $"{Section}:Password", "the password of the nodes");
        return new ExternalBrokerPlace(url, Username!, password, node, Authorities());
    }

    /// <summary>The secret of the broker's questions; null when it asks none.</summary>
    /// <exception cref="StartupException">It cannot be read, or is too short.</exception>
    internal string? ReadHookSecret()
    {
        if (string.IsNullOrEmpty(HookSecret) && string.IsNullOrEmpty(HookSecretFile))
            return null;
        var secret = SecretSetting.Read(HookSecret, HookSecretFile, $"{Section}:HookSecret", "a secret for the broker's questions");
        return secret.Length >= ShortestHookSecret
            ? secret
            : throw new StartupException($"{Section}:HookSecret is too short: give at least {ShortestHookSecret} characters, such as those of 'openssl rand -hex 32'.");
    }

    // Two with one client id would push each other out for ever; and what is a device number is a pile.
    private static string NewNodeId()
    {
        var machine = string.Concat(Environment.MachineName.Where(c => char.IsAsciiLetterOrDigit(c) || c == '-').Take(48));
        return $"{machine}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
    }

    private static bool IsName(string? text) =>
        text is { Length: >= 1 and <= 64 } && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') && !DeviceNo.TryParse(text, out _);

    private X509Certificate2Collection? Authorities()
    {
        if (string.IsNullOrEmpty(CaFile))
            return null;
        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(CaFile);
            return authorities.Count > 0 ? authorities : throw new StartupException($"{Section}:CaFile names {CaFile}, in which there is no certificate: give a PEM file.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new StartupException($"{Section}:CaFile names {CaFile}, which cannot be read: name a PEM file that the server's user may read.", e);
        }
    }
}
