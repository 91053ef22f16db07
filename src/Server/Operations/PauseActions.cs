using Charging.Ops.V1;
using Charging.Server.Piles;
using Charging.Server.Stations;
using Charging.Server.Storage;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Pause = Charging.Server.Piles.Pause;
using Pile = Charging.Server.Piles.Pile;
using Station = Charging.Server.Stations.Station;

namespace Charging.Server.Operations;

/// <summary>Operators keep plugs, piles and stations from new charges, and let them have charges again.</summary>
internal sealed class PauseActions(Changes changes)
{
    private static readonly TimeSpan MaxLength = TimeSpan.FromDays(366);

    /// <summary>Pauses a plug or a pile.</summary>
    public Task<Pile> PauseAsync(ServerCallContext context, PausePileRequest request)
    {
        var reason = request.Reason.ToReason();
        return ChangeAsync(context, request.DeviceNo, request.Plug, reason, (tx, pile) =>
        {
            if (pile.RetiredAt is not null)
                throw Refusal.Conflict($"Pile {pile.Device} is retired, and takes no charges any more.");
            var pause = Make(context, tx, reason, request.Until) with { Plug = request.Plug };
            return (pile.With(pause), $"{Name(request.Plug)} is paused{End(pause)}.");
        });
    }

    /// <summary>Ends the pause of a plug or a pile.</summary>
    public Task<Pile> ResumeAsync(ServerCallContext context, ResumePileRequest request) =>
        ChangeAsync(context, request.DeviceNo, request.Plug, request.Reason.ToAnyReason(), (tx, pile) =>
        {
            var wasPaused = pile.Pauses?.Any(pause => pause.IsOf(request.Plug, alarm: null) && !pause.IsOver(tx.Now)) is true;
            return (pile.Without(request.Plug, alarm: null), $"{Name(request.Plug)} {(wasPaused ? "is paused no more" : "was not paused")}.");
        });

    /// <summary>Pauses a station.</summary>
    public Task<Station> PauseAsync(ServerCallContext context, PauseStationRequest request)
    {
        var reason = request.Reason.ToReason();
        return ChangeAsync(context, request.StationId, reason, (tx, station) =>
        {
            var pause = Make(context, tx, reason, request.Until);
            return (station with { Pause = pause }, $"The station is paused{End(pause)}.");
        });
    }

    /// <summary>Ends the pause of a station.</summary>
    public Task<Station> ResumeAsync(ServerCallContext context, ResumeStationRequest request) =>
        ChangeAsync(context, request.StationId, request.Reason.ToAnyReason(), (tx, station) =>
            (station with { Pause = null }, $"The station {(station.Pause?.IsOver(tx.Now) is false ? "is paused no more" : "was not paused")}."));

    private Task<Pile> ChangeAsync(ServerCallContext context, string deviceNo, int plug, string reason, Func<ITransaction, Pile, (Pile Pile, string Outcome)> change)
    {
        var device = deviceNo.ToDeviceNo();
        return changes.MakeAsync(context, new Deed(PileOpsMapping.Subject(device), reason), async tx =>
        {
            var before = (await tx.GetAsync(PileTables.Piles, device.ToString())).OrUnregistered(device);
            if (plug < 0 || plug > before.PlugCount)
                throw Refusal.Invalid($"plug is {plug}: give 1 to {before.PlugCount}, or 0 for the whole pile.");
            var (pile, outcome) = change(tx, before);
            tx.Put(PileTables.Piles, pile);
            return new Made<Pile>(pile, outcome);
        });
    }

    private Task<Station> ChangeAsync(ServerCallContext context, string stationId, string reason, Func<ITransaction, Station, (Station Station, string Outcome)> change)
    {
        var id = stationId.ToStationId();
        return changes.MakeAsync(context, new Deed(StationOpsMapping.Subject(id), reason), async tx =>
        {
            var (station, outcome) = change(tx, (await tx.GetAsync(StationTables.Stations, id)).OrUnknown(id));
            tx.Put(StationTables.Stations, station);
            return new Made<Station>(station, outcome);
        });
    }

    private static Pause Make(ServerCallContext context, ITransaction tx, string reason, Timestamp? end)
    {
        var until = end.ToTime("until");
        if (until <= tx.Now || until > tx.Now + MaxLength)
            throw Refusal.Invalid("until is over already, or more than a year away: give a time to come, or none.");
        return new Pause { Reason = reason, By = context.Operator().Name, Since = tx.Now, Until = until };
    }

    private static string Name(int plug) => plug == 0 ? "The pile" : $"Plug {plug}";

    private static string End(Pause pause) => pause.Until is { } until ? FormattableString.Invariant($" until {until:yyyy-MM-dd HH:mm:ss} UTC") : "";
}

/// <summary>Pauses on the wire of the operators.</summary>
internal static class PauseMapping
{
    /// <summary>A pause; null for none.</summary>
    /// <param name="pause">The pause.</param>
    /// <param name="stationId">The station, when it is of one.</param>
    public static Ops.V1.Pause? ToWire(this Pause? pause, string? stationId) => pause is null ? null : new Ops.V1.Pause
    {
        Alarm = pause.Alarm ?? Device.V1.AlarmCode.Unspecified,
        Reason = pause.Reason,
        By = pause.By,
        Since = pause.Since.ToTimestamp(),
        Until = pause.Until?.ToTimestamp(),
        Plug = pause.Plug,
        StationId = stationId ?? "",
    };
}
