using System.Security.Cryptography.X509Certificates;

namespace Charging.MqttBroker;

/// <summary>Where an external broker is, and as whom this node connects to it.</summary>
/// <param name="Url"><c>mqtt://host:port</c>, or <c>mqtts://host:port</c> for TLS.</param>
/// <param name="Username">The user name that all nodes share.</param>
/// <param name="Password">Its password.</param>
/// <param name="NodeId">The client id, of this node alone.</param>
/// <param name="Authorities">With TLS: who must have signed the broker's certificate; null for whom the machine trusts.</param>
public sealed record ExternalBrokerPlace(Uri Url, string Username, string Password, string NodeId, X509Certificate2Collection? Authorities = null)
{
    /// <summary>The scheme of a plain connection.</summary>
    public const string Scheme = "mqtt";

    /// <summary>The scheme of a connection over TLS.</summary>
    public const string SchemeTls = "mqtts";

    private const int DefaultPort = 1883;
    private const int DefaultPortTls = 8883;

    /// <summary>Whether the connection is encrypted.</summary>
    public bool IsTls => Url.Scheme == SchemeTls;

    /// <summary>The port, also where the address leaves it out.</summary>
    public int Port => Url.Port > 0 ? Url.Port : IsTls ? DefaultPortTls : DefaultPort;
}
