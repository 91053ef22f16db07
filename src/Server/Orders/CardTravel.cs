using Charging.MqttBroker;
using Charging.Server.Cards;
using Charging.Server.Piles;
using Charging.Server.Stations;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>Finds cards that are used at two piles between which nobody can have travelled: one of the two is a copy.</summary>
public sealed class CardTravel(PileRegistry registry, StationIndex stations, CardsOptions options)
{
    /// <summary>Swipes that are further apart in time are not compared: in half an hour there are trains.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(30);

    /// <summary>
    /// Blocks a card that is swiped too far from where it was accepted last, and has its owner told. Piles whose station has no
    /// position are not compared.
    /// </summary>
    /// <returns>Whether it was blocked.</returns>
    public bool Block(ITransaction tx, Card card, CardUse use)
    {
        if (card.LastUse is not { } last || PlaceOf(last.Device) is not { } from || PlaceOf(use.Device) is not { } to
            || !IsTooFar(from.DistanceTo(to) / 1000, (tx.Since(last.At) - (tx.Now - use.At)).Duration()))
            return false;
        tx.Put(CardTables.Cards, card with { Blocked = true, FarApart = new FarApart(last, use) });
        tx.Put(DueRows.Table, new DueRow { Kind = DueKind.CardNotice, Subject = card.Key, UserId = card.UserId, DueAt = tx.Now });
        return true;
    }

    /// <summary>Whether nobody can have travelled so far in that time.</summary>
    internal bool IsTooFar(double km, TimeSpan time) =>
        options.MaxTravelKmPerHour > 0 && time <= Window && km > options.FarApartKm && km > options.MaxTravelKmPerHour * time.TotalHours;

    private Place? PlaceOf(DeviceNo device) => registry.Find(device)?.Station is { } station ? stations.Find(station)?.Place : null;
}
