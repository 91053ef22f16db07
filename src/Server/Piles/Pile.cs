using System.Globalization;
using Charging.MqttBroker;

namespace Charging.Server.Piles;

/// <summary>How a pile's plugs are written in two characters (contract section 3).</summary>
public enum PlugNumbers
{
    /// <summary>`01` to `10`, and on to `99`.</summary>
    Decimal,

    /// <summary>`01` to `0A`, and on to `63`, as some firmware counts.</summary>
    Hex,
}

/// <summary>A pile that an operator has registered.</summary>
public sealed record Pile
{
    /// <summary>Most plugs that a pile may have.</summary>
    public const int MaxPlugs = 99;

    /// <summary>The most that a plug gives, in watts, where nothing else is registered.</summary>
    public const int DefaultRatedPowerW = 3500;

    /// <summary>The most that may be registered, in watts.</summary>
    public const int MaxRatedPowerW = 100_000;

    // Under Decimal, the hex spelling of the tenth to fifteenth plug is taken too, where it cannot be mistaken.
    private const int MaxPlugsForHexSpelling = 15;

    /// <summary>The device number.</summary>
    public required DeviceNo Device { get; init; }

    /// <summary>How many plugs it has, 1 to 99.</summary>
    public required int PlugCount { get; init; }

    /// <summary>How its plugs are written.</summary>
    public PlugNumbers PlugNumbers { get; init; }

    /// <summary>The most that one of its plugs gives, in watts; null for <see cref="DefaultRatedPowerW"/>.</summary>
    public int? RatedPowerW { get; init; }

    /// <summary>What people call it; may be empty.</summary>
    public string Name { get; init; } = "";

    /// <summary>The station that it is at; null for none.</summary>
    public string? Station { get; init; }

    /// <summary>When it was retired, UTC; null while it is in service.</summary>
    public DateTimeOffset? RetiredAt { get; init; }

    /// <summary>What keeps it or its plugs from new charges, also what has ended by itself; null for nothing. <see cref="Piles.Pauses"/> judges.</summary>
    public IReadOnlyList<Pause>? Pauses { get; init; }

    /// <summary>Name of its tariff; null for that of its station, or of the settings.</summary>
    public string? Tariff { get; init; }

    /// <summary>SHA-256 of the secret, in hex. A fast hash is right for 128 random bits.</summary>
    public required string SecretHash { get; init; }

    /// <summary>The secret as Mosquitto checks it; null for one that was made before this was kept.</summary>
    public string? MosquittoHash { get; init; }

    /// <summary>Which secret that is, from 1; one more at each replacement.</summary>
    public required int SecretGeneration { get; init; }

    /// <summary>When it was registered, UTC.</summary>
    public required DateTimeOffset RegisteredAt { get; init; }

    /// <summary>The pile with its next secret, of which nothing but hashes is kept.</summary>
    public Pile WithSecret(string secret) => this with
    {
        SecretHash = PileRegistry.HashOf(secret),
        MosquittoHash = MosquittoFiles.HashOfPile(secret),
        SecretGeneration = SecretGeneration + 1,
    };

    /// <summary>Whether it has these plugs, and none of them is named twice.</summary>
    public bool HasEach(IEnumerable<uint> plugs)
    {
        var named = new HashSet<uint>();
        return plugs.All(plug => plug >= 1 && plug <= PlugCount && named.Add(plug));
    }

    /// <summary>Reads a plug as riders and piles write it; null when it is out of the pile's range.</summary>
    public PlugId? ReadPlug(string? text)
    {
        if (text is not { Length: 2 })
            return null;
        var style = PlugNumbers == PlugNumbers.Hex || IsHexSpelling(text) ? NumberStyles.AllowHexSpecifier : NumberStyles.None;
        return int.TryParse(text, style, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= PlugCount
            ? new PlugId(Device, number)
            : null;
    }

    /// <summary>Writes a plug as this pile counts.</summary>
    public string WritePlug(int number) =>
        number.ToString(PlugNumbers == PlugNumbers.Hex ? "X2" : "D2", CultureInfo.InvariantCulture);

    private bool IsHexSpelling(string text) =>
        PlugCount <= MaxPlugsForHexSpelling && text[0] == '0' && char.IsAsciiHexDigit(text[1]) && !char.IsAsciiDigit(text[1]);
}
