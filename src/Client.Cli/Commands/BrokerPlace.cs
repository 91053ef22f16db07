using System.Globalization;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands;

/// <summary>Where simulated piles connect.</summary>
internal sealed record BrokerPlace(string Host, int Port, bool Tls)
{
    /// <summary>What was named, else the server's own MQTT port.</summary>
    /// <exception cref="CliException">What was named is no place.</exception>
    public static async Task<BrokerPlace> FindAsync(Session session, string? named, CancellationToken cancel)
    {
        var diagnosis = (await session.System.DiagnoseAsync(new DiagnoseRequest(), cancellationToken: cancel)).Diagnosis;
        var listener = diagnosis.Listeners.FirstOrDefault(it => it.Name == "Mqtt");
        if (named is not null)
            return Parse(named, listener?.Tls ?? false);
        return listener is null
            ? throw new CliException("The server has no MQTT port of its own: name the broker with --mqtt host:port.")
            : new BrokerPlace(session.Address.IdnHost, listener.Port, listener.Tls);
    }

    private static BrokerPlace Parse(string named, bool tls)
    {
        const string Scheme = "mqtts://";
        var place = named.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? named[Scheme.Length..] : named;
        var colon = place.LastIndexOf(':');
        return colon > 0 && ushort.TryParse(place[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? new BrokerPlace(place[..colon], port, tls || place != named)
            : throw new CliException($"--mqtt '{named}' is no place: give host:port, such as 127.0.0.1:1883, or mqtts://host:port for TLS.");
    }
}
