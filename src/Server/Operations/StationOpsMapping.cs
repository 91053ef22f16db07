using Charging.Ops.V1;
using Charging.Server.Orders;
using Charging.Server.Stations;
using Charging.Server.Storage;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>Stations on the wire of the operators.</summary>
internal static class StationOpsMapping
{
    private const int MaxName = 64;
    private const int MaxAddress = 200;
    private const int MaxTariff = 32;

    /// <summary>An id, or INVALID_ARGUMENT.</summary>
    public static string ToStationId(this string text) => Stations.Station.IsId(text)
        ? text
        : throw Refusal.Invalid($"station_id '{Refusal.Shown(text)}' is no id: give 1 to {Stations.Station.MaxIdLength} lower-case letters, digits and dashes.");

    /// <summary>A new station, or INVALID_ARGUMENT.</summary>
    public static Stations.Station Read(this AddStationRequest request) => new()
    {
        Id = request.StationId.ToStationId(),
        Name = request.Name.ToName("name", MaxName),
        Address = request.Address.ToText("address", MaxAddress),
        Place = request.Position?.ToPlace(),
        Tariff = request.Tariff.ToTariff(),
        CreatedAt = default,
    };

    /// <summary>The fields that change, or INVALID_ARGUMENT.</summary>
    public static Func<Stations.Station, Stations.Station> Read(this UpdateStationRequest request)
    {
        var name = request.HasName ? request.Name.ToName("name", MaxName) : null;
        var address = request.HasAddress ? request.Address.ToText("address", MaxAddress) : null;
        var place = request.Position?.ToPlace();
        var tariff = request.HasTariff ? request.Tariff.ToTariff() : null;
        return station => station with
        {
            Name = name ?? station.Name,
            Address = address ?? station.Address,
            Place = place ?? station.Place,
            Tariff = request.HasTariff ? tariff : station.Tariff,
        };
    }

    /// <summary>A place, or INVALID_ARGUMENT.</summary>
    public static Place ToPlace(double latitude, double longitude) => new Place(latitude, longitude) is { IsValid: true } place
        ? place
        : throw Refusal.Invalid("latitude or longitude is not on earth: give degrees, -90 to 90 and -180 to 180.");

    /// <summary>What a change is about.</summary>
    public static string Subject(string id) => $"station:{id}";

    /// <summary>What an operator has changed, in a sentence.</summary>
    public static string DifferencesTo(this Stations.Station before, Stations.Station after)
    {
        (string Field, object? Before, object? After)[] fields =
        [
            ("name", before.Name, after.Name), ("address", before.Address, after.Address),
            ("position", before.Place, after.Place), ("tariff", before.Tariff, after.Tariff),
        ];
        return Sentence(fields);
    }

    /// <summary>What has changed, in a sentence.</summary>
    public static string Sentence(IEnumerable<(string Field, object? Before, object? After)> fields)
    {
        var changed = fields.Where(field => !Equals(field.Before, field.After)).ToList();
        return changed.Count == 0 ? "Stays as it was." : string.Join("; ", changed.Select(field => $"{field.Field}: {Name(field.Before)} to {Name(field.After)}")) + ".";

        static string Name(object? value) => value switch
        {
            null or "" => "none",
            Place place => FormattableString.Invariant($"{place.Latitude}, {place.Longitude}"),
            _ => value.ToString()!,
        };
    }

    /// <summary>Insists that a station that was looked for is there.</summary>
    public static Stations.Station OrUnknown(this Stations.Station? station, string id) =>
        station.OrNotFound($"There is no station {Refusal.Shown(id)}: 'stations list' shows those that there are.");

    /// <summary>Insists that there is a station; null is none.</summary>
    public static async ValueTask InsistOnStationAsync(this ITransaction tx, string? id)
    {
        if (id is not null && await tx.GetAsync(StationTables.Stations, id) is null)
            throw Refusal.Conflict($"There is no station {id}: 'stations add' makes it.");
    }

    /// <summary>Insists that there is a tariff; null is that of the settings.</summary>
    public static async ValueTask InsistOnTariffAsync(this ITransaction tx, string? name)
    {
        if (name is not null && await tx.GetAsync(Tariffs.Table, name) is null)
            throw Refusal.Conflict($"There is no tariff {Refusal.Shown(name)}: make it first.");
    }

    /// <summary>Insists that whoever calls may set prices, when a pile gets another one by what is changed.</summary>
    public static async ValueTask InsistOnPriceAsync(this ITransaction tx, ServerCallContext context, Piles.Pile before, string? tariff, string? station)
    {
        if (await Tariffs.NameAsync(tx, before.Tariff, before.Station) != await Tariffs.NameAsync(tx, tariff, station))
            context.InsistOnPrices();
    }

    private static Place ToPlace(this Position position) => ToPlace(position.Latitude, position.Longitude);

    private static string? ToTariff(this string text) => text.Length == 0 || text == Tariffs.Default ? null : text.ToText("tariff", MaxTariff);
}
