using System.Security.Cryptography;
using Charging.MqttBroker;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Piles;

/// <summary>What operators do with piles: registration and secrets.</summary>
public sealed class PileAdmin(IStore store, IPileLink link)
{
    /// <summary>Registers a pile with a new secret. Registered again, it stays as it is.</summary>
    /// <returns>The secret, which is shown this once; null when the pile was registered before.</returns>
    public Task<string?> RegisterAsync(DeviceNo device, int plugCount, PlugNumbers plugNumbers) => store.RunAsync(async tx =>
    {
        if (await tx.GetAsync(PileTables.Piles, device.ToString()) is not null)
            return null;
        var secret = NewSecret();
        tx.Put(PileTables.Piles, new Pile
        {
            Device = device,
            PlugCount = plugCount,
            PlugNumbers = plugNumbers,
            SecretHash = PileRegistry.HashOf(secret),
            SecretGeneration = 1,
            RegisteredAt = tx.Now,
        });
        return secret;
    });

    /// <summary>Replaces a pile's secret; a connection with the old one is closed.</summary>
    /// <returns>The new secret, which is shown this once; 3003 when the pile is unknown.</returns>
    public async Task<Result<string>> RotateSecretAsync(DeviceNo device)
    {
        var secret = NewSecret();
        var known = await store.RunAsync(async tx =>
        {
            if (await tx.GetAsync(PileTables.Piles, device.ToString()) is not { } pile)
                return false;
            tx.Put(PileTables.Piles, pile with { SecretHash = PileRegistry.HashOf(secret), SecretGeneration = pile.SecretGeneration + 1 });
            return true;
        });
        if (!known)
            return ResultCode.PileNotFound;
        await link.DisconnectAsync(device);
        return secret;
    }

    private static string NewSecret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
}
