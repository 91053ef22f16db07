using Charging.Server.Piles;

namespace Charging.Server.Stations;

/// <summary>A place on earth, in degrees of WGS-84.</summary>
/// <param name="Latitude">Degrees north, -90 to 90.</param>
/// <param name="Longitude">Degrees east, -180 to 180.</param>
public readonly record struct Place(double Latitude, double Longitude)
{
    private const double EarthRadiusM = 6_371_000;

    /// <summary>Whether it is on earth.</summary>
    public bool IsValid => Latitude is >= -90 and <= 90 && Longitude is >= -180 and <= 180;

    /// <summary>How far it is to another place as the crow flies, in metres.</summary>
    public double DistanceTo(Place other)
    {
        var (from, to) = (double.DegreesToRadians(Latitude), double.DegreesToRadians(other.Latitude));
        var half = Math.Pow(Math.Sin((to - from) / 2), 2)
            + (Math.Cos(from) * Math.Cos(to) * Math.Pow(Math.Sin(double.DegreesToRadians(other.Longitude - Longitude) / 2), 2));
        return 2 * EarthRadiusM * Math.Asin(Math.Min(1, Math.Sqrt(half)));
    }

    /// <summary>Whether another place may be within a distance: what a look at the latitude alone can tell.</summary>
    public bool MayBeNear(Place other, double metres) => Math.Abs(Latitude - other.Latitude) <= double.RadiansToDegrees(metres / EarthRadiusM);
}

/// <summary>A place with piles.</summary>
public sealed record Station
{
    /// <summary>Longest <see cref="Id"/>.</summary>
    public const int MaxIdLength = 32;

    /// <summary>What it is known by: lower-case letters, digits and dashes.</summary>
    public required string Id { get; init; }

    /// <summary>Its name, 1 to 64 characters.</summary>
    public required string Name { get; init; }

    /// <summary>Its address; may be empty.</summary>
    public string Address { get; init; } = "";

    /// <summary>Where it is; null when nobody has said so.</summary>
    public Place? Place { get; init; }

    /// <summary>Name of the tariff of its piles that have none of their own; null for the one of the settings.</summary>
    public string? Tariff { get; init; }

    /// <summary>When it was made, UTC.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>What keeps all its piles from new charges, also after it has ended by itself; null for nothing.</summary>
    public Pause? Pause { get; init; }

    /// <summary>Whether a text may be an id.</summary>
    public static bool IsId(string text) =>
        text.Length is > 0 and <= MaxIdLength && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
