using Charging.Device.V1;
using Charging.Server.Stations;
using Charging.Server.Storage;

namespace Charging.Server.Piles;

/// <summary>
/// The one rule for whether a plug takes new charges. Whoever lets a plug asks it in the transaction that lets it; whoever
/// only shows one asks it of what is in memory.
/// </summary>
public static class Pauses
{
    /// <summary>Why a retired pile takes no charges.</summary>
    public const string Retired = "retired";

    /// <summary>What keeps a plug from new charges; null when nothing does.</summary>
    /// <param name="pile">The pile.</param>
    /// <param name="station">The station that it is at; null for none.</param>
    /// <param name="plug">Number of the plug; 0 for the whole pile.</param>
    /// <param name="now">The time.</param>
    public static Pause? Of(Pile pile, Station? station, int plug, DateTimeOffset now)
    {
        if (pile.RetiredAt is { } retiredAt)
            return new Pause { Reason = Retired, Since = retiredAt };
        var own = pile.Pauses?.FirstOrDefault(pause => (pause.Plug == 0 || pause.Plug == plug) && !pause.IsOver(now));
        return own ?? (station?.Pause is { } whole && !whole.IsOver(now) ? whole : null);
    }

    /// <summary>The same by the store.</summary>
    public static async ValueTask<Pause?> PauseOfAsync(this ITransaction tx, PlugId plug)
    {
        if (await tx.GetAsync(PileTables.Piles, plug.Device.ToString()) is not { } pile)
            return null;
        var station = pile.Station is { } id ? await tx.GetAsync(StationTables.Stations, id) : null;
        return Of(pile, station, plug.Number, tx.Now);
    }

    /// <summary>A pile with one more pause, which replaces the one of the same plug and alarm.</summary>
    public static Pile With(this Pile pile, Pause pause) =>
        pile with { Pauses = [.. pile.Without(pause.Plug, pause.Alarm).Pauses ?? [], pause] };

    /// <summary>A pile without the pause of a plug and an alarm, or of a plug without an alarm.</summary>
    public static Pile Without(this Pile pile, int plug, AlarmCode? alarm) =>
        pile with { Pauses = pile.Pauses?.Where(pause => !pause.IsOf(plug, alarm)).ToList() };
}
