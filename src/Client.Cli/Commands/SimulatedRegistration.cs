using System.Collections.Concurrent;
using System.Globalization;
using Charging.Ops.V1;
using Charging.PileSimulator;
using Grpc.Core;

namespace Charging.Client.Cli.Commands;

/// <summary>Makes the server know the simulated piles.</summary>
internal static class SimulatedRegistration
{
    // No maker's device numbers are known to begin like this.
    private const string Prefix = "51";
    private const int AtOnce = 16;

    /// <summary>Registers piles; those that are registered get a new secret and keep their plugs.</summary>
    /// <returns>The piles, and how many plugs each has.</returns>
    public static async Task<IReadOnlyDictionary<PileIdentity, int>> RunAsync(Session session, int piles, int plugs, CancellationToken cancel)
    {
        var known = new ConcurrentDictionary<PileIdentity, int>();
        var client = session.Piles;
        await Parallel.ForEachAsync(
            Enumerable.Range(1, piles),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel },
            async (number, stop) =>
            {
                var (pile, plugCount) = await RegisterAsync(client, Prefix + number.ToString("D8", CultureInfo.InvariantCulture), plugs, stop);
                known[pile] = plugCount;
            });
        return known;
    }

    /// <summary>A pile that is registered already.</summary>
    /// <exception cref="CliException">There is no secret.</exception>
    public static async Task<IReadOnlyDictionary<PileIdentity, int>> FindAsync(Session session, string device, string? secret, CancellationToken cancel)
    {
        if (string.IsNullOrEmpty(secret))
            throw new CliException($"--pile needs --secret: give what 'piles add' has shown, or what 'piles rotate-secret {device}' shows.");
        var pile = (await session.Piles.GetPileAsync(new GetPileRequest { DeviceNo = device }, cancellationToken: cancel)).Pile;
        return new Dictionary<PileIdentity, int> { [new PileIdentity(pile.DeviceNo, secret)] = pile.PlugCount };
    }

    private static async Task<(PileIdentity Pile, int Plugs)> RegisterAsync(PileService.PileServiceClient client, string device, int plugs, CancellationToken cancel)
    {
        try
        {
            var request = new RegisterPileRequest { DeviceNo = device, PlugCount = plugs };
            var answer = await client.RegisterPileAsync(request, cancellationToken: cancel);
            return (new PileIdentity(device, answer.Secret), plugs);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
        {
            var pile = (await client.GetPileAsync(new GetPileRequest { DeviceNo = device }, cancellationToken: cancel)).Pile;
            var secret = (await client.RotatePileSecretAsync(new RotatePileSecretRequest { DeviceNo = device }, cancellationToken: cancel)).Secret;
            return (new PileIdentity(device, secret), pile.PlugCount);
        }
    }
}
