using System.Security.Cryptography;
using Charging.MqttBroker;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Piles;

/// <summary>A pile to be registered.</summary>
/// <param name="Device">Its number.</param>
/// <param name="PlugCount">How many plugs it has, 1 to 99.</param>
/// <param name="PlugNumbers">How they are written.</param>
/// <param name="Name">What people call it.</param>
/// <param name="Station">The station that it is at; null for none.</param>
/// <param name="RatedPowerW">The most that one of its plugs gives, in watts; null for the default.</param>
public sealed record NewPile(DeviceNo Device, int PlugCount, PlugNumbers PlugNumbers, string Name = "", string? Station = null, int? RatedPowerW = null);

/// <summary>What operators do with piles: registration and secrets.</summary>
public sealed class PileAdmin(IStore store, IPileLink link)
{
    /// <summary>Registers a pile with a new secret. Registered again, it stays as it is.</summary>
    /// <returns>The secret, which is shown this once; null when the pile was registered before.</returns>
    public Task<string?> RegisterAsync(DeviceNo device, int plugCount, PlugNumbers plugNumbers) =>
        store.RunAsync(tx => RegisterAsync(tx, new NewPile(device, plugCount, plugNumbers)));

    /// <summary>The same inside an operation. A retired pile that is cut off already comes back, as a new one.</summary>
    public static async ValueTask<string?> RegisterAsync(ITransaction tx, NewPile pile)
    {
        var known = await tx.GetAsync(PileTables.Piles, pile.Device.ToString());
        if (known is { RetiredAt: null } || await tx.GetAsync(DueRows.Table, DueRow.KeyOf(DueKind.Retire, pile.Device.ToString())) is not null)
            return null;
        var secret = NewSecret();
        tx.Put(PileTables.Piles, new Pile
        {
            Device = pile.Device,
            PlugCount = pile.PlugCount,
            PlugNumbers = pile.PlugNumbers,
            Name = pile.Name,
            Station = pile.Station,
            RatedPowerW = pile.RatedPowerW,
            SecretHash = "",
            SecretGeneration = known?.SecretGeneration ?? 0,
            RegisteredAt = tx.Now,
            // Alarms stay open until they are cleared.
            Pauses = known?.Pauses?.Where(pause => pause.Alarm is not null).ToList(),
        }.WithSecret(secret));
        return secret;
    }

    /// <summary>Replaces a pile's secret; a connection with the old one is closed.</summary>
    /// <returns>The new secret, which is shown this once; 3003 when the pile is unknown.</returns>
    public async Task<Result<string>> RotateSecretAsync(DeviceNo device)
    {
        if (await store.RunAsync(tx => RotateSecretAsync(tx, device)) is not { } secret)
            return ResultCode.PileNotFound;
        await CutOffAsync(device);
        return secret;
    }

    /// <summary>The same inside an operation: the connection is for the caller to close, afterwards.</summary>
    /// <returns>The new secret; null when the pile is unknown.</returns>
    public static async ValueTask<string?> RotateSecretAsync(ITransaction tx, DeviceNo device)
    {
        if (await tx.GetAsync(PileTables.Piles, device.ToString()) is not { } pile)
            return null;
        var secret = NewSecret();
        tx.Put(PileTables.Piles, pile.WithSecret(secret));
        return secret;
    }

    /// <summary>Closes a pile's connection.</summary>
    public ValueTask CutOffAsync(DeviceNo device) => link.DisconnectAsync(device);

    private static string NewSecret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
}
