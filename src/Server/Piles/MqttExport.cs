using Charging.MqttBroker;

namespace Charging.Server.Piles;

/// <summary>What this server's Mosquitto must know: the nodes, and the piles that are let in.</summary>
public sealed class MqttExport(PileAccess access, ExternalBrokerPlace? place = null)
{
    /// <summary>The user name of the nodes; null where no external broker is set up.</summary>
    public string? NodeName => place?.Username;

    /// <summary>The lines of the `password_file`.</summary>
    public IEnumerable<string> Passwords
    {
        get
        {
            if (place is not null)
                yield return MosquittoFiles.PasswordLine(place.Username, MosquittoFiles.HashOfNodes(place.Password));
            foreach (var pile in access.All.OrderBy(pile => pile.Device.ToString(), StringComparer.Ordinal))
            {
                if (pile.MosquittoHash is { } hash)
                    yield return MosquittoFiles.PasswordLine(pile.Device.ToString(), hash);
            }
        }
    }

    /// <summary>Piles whose secret was made before its hash for Mosquitto was kept: they need a new one.</summary>
    public IEnumerable<DeviceNo> WithoutHash => access.All.Where(pile => pile.MosquittoHash is null).Select(pile => pile.Device);
}
