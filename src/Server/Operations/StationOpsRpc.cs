using Charging.Ops.V1;
using Charging.Server.Piles;
using Charging.Server.Stations;
using Charging.Server.Storage;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>charging.ops.v1.StationService.</summary>
internal sealed class StationOpsRpc(IStore store, Changes changes, StationIndex stations, PileRegistry registry, PileViews views, PauseActions pauses, TimeProvider clock) : StationService.StationServiceBase
{
    private const int DefaultRadiusM = 5_000;
    private const int MaxRadiusM = 100_000;

    /// <inheritdoc/>
    public override async Task<AddStationResponse> AddStation(AddStationRequest request, ServerCallContext context)
    {
        var wanted = request.Read();
        var station = await changes.MakeAsync(context, new Deed(StationOpsMapping.Subject(wanted.Id), request.Reason.ToAnyReason()), async tx =>
        {
            if (await tx.GetAsync(StationTables.Stations, wanted.Id) is not null)
                throw Refusal.Of(StatusCode.AlreadyExists, $"There is a station {wanted.Id} and nothing was changed: 'stations change' changes it.", Reasons.AlreadyExists);
            if (wanted.Tariff is not null)
                context.InsistOnPrices();
            await tx.InsistOnTariffAsync(wanted.Tariff);
            var station = wanted with { CreatedAt = tx.Now };
            tx.Put(StationTables.Stations, station);
            return new Made<Stations.Station>(station, $"Made: {station.Name}.");
        });
        return new AddStationResponse { Station = ToWire(station) };
    }

    /// <inheritdoc/>
    public override async Task<ListStationsResponse> ListStations(ListStationsRequest request, ServerCallContext context)
    {
        var page = await store.PageAsync(StationTables.Stations.ByKey, Paging.Read(request.PageSize, request.PageToken));
        var piles = PilesByStation();
        return new ListStationsResponse { Stations = { page.Items.Select(station => ToWire(station, piles[station.Id])) }, NextPageToken = page.NextToken };
    }

    /// <inheritdoc/>
    public override Task<GetStationResponse> GetStation(GetStationRequest request, ServerCallContext context) =>
        Task.FromResult(new GetStationResponse { Station = ToWire(stations.Find(request.StationId.ToStationId()).OrUnknown(request.StationId)) });

    /// <inheritdoc/>
    public override Task<FindNearestStationsResponse> FindNearestStations(FindNearestStationsRequest request, ServerCallContext context)
    {
        if (request.RadiusM is < 0 or > MaxRadiusM)
            throw Refusal.Invalid($"radius_m is {request.RadiusM}: give 1 to {MaxRadiusM}, or 0 for {DefaultRadiusM}.");
        var limit = Paging.Read(request.PageSize, "").Size;
        var near = stations.Nearest(StationOpsMapping.ToPlace(request.Latitude, request.Longitude), request.RadiusM == 0 ? DefaultRadiusM : request.RadiusM, limit);
        var piles = PilesByStation();
        return Task.FromResult(new FindNearestStationsResponse
        {
            Stations = { near.Select(it => new NearStation { Station = ToWire(it.Station, piles[it.Station.Id]), DistanceM = (int)Math.Round(it.DistanceM) }) },
        });
    }

    /// <inheritdoc/>
    public override async Task<UpdateStationResponse> UpdateStation(UpdateStationRequest request, ServerCallContext context)
    {
        var (id, change) = (request.StationId.ToStationId(), request.Read());
        var station = await changes.MakeAsync(context, new Deed(StationOpsMapping.Subject(id), request.Reason.ToAnyReason()), async tx =>
        {
            var before = (await tx.GetAsync(StationTables.Stations, id)).OrUnknown(id);
            var station = change(before);
            if (station.Tariff != before.Tariff)
            {
                context.InsistOnPrices();
                await tx.InsistOnTariffAsync(station.Tariff);
            }
            tx.Put(StationTables.Stations, station);
            return new Made<Stations.Station>(station, before.DifferencesTo(station));
        });
        return new UpdateStationResponse { Station = ToWire(station) };
    }

    /// <inheritdoc/>
    public override async Task<PauseStationResponse> PauseStation(PauseStationRequest request, ServerCallContext context) =>
        new() { Station = ToWire(await pauses.PauseAsync(context, request)) };

    /// <inheritdoc/>
    public override async Task<ResumeStationResponse> ResumeStation(ResumeStationRequest request, ServerCallContext context) =>
        new() { Station = ToWire(await pauses.ResumeAsync(context, request)) };

    /// <inheritdoc/>
    public override async Task<RemoveStationResponse> RemoveStation(RemoveStationRequest request, ServerCallContext context)
    {
        var id = request.StationId.ToStationId();
        await changes.MakeAsync(context, new Deed(StationOpsMapping.Subject(id), request.Reason.ToAnyReason()), async tx =>
        {
            var station = (await tx.GetAsync(StationTables.Stations, id)).OrUnknown(id);
            for (var after = ""; ;)
            {
                var piles = await tx.ListAsync(PileTables.Piles.ByKey, new KeyRange(after, KeyRange.End), 200);
                if (piles.FirstOrDefault(pile => pile.Station == id && pile.RetiredAt is null) is { } pile)
                    throw Refusal.Conflict($"Pile {pile.Device} is at station {id}: give it another station first.");
                if (piles.Count < 200)
                    break;
                after = piles[^1].Device + " ";
            }
            tx.Delete(StationTables.Stations, id);
            return new Made<bool>(true, $"Removed: {station.Name}.");
        });
        return new RemoveStationResponse();
    }

    private ILookup<string, Piles.Pile> PilesByStation() =>
        registry.All.Where(pile => pile is { Station: not null, RetiredAt: null }).ToLookup(pile => pile.Station!);

    private Ops.V1.Station ToWire(Stations.Station station) => ToWire(station, PilesByStation()[station.Id]);

    private Ops.V1.Station ToWire(Stations.Station station, IEnumerable<Piles.Pile> piles)
    {
        var seen = piles.OrderBy(pile => pile.Device.ToString(), StringComparer.Ordinal).Select(views.Summary).ToList();
        return new Ops.V1.Station
        {
            StationId = station.Id,
            Name = station.Name,
            Address = station.Address,
            Position = station.Place is { } place ? new Position { Latitude = place.Latitude, Longitude = place.Longitude } : null,
            Tariff = station.Tariff ?? "",
            CreatedAt = station.CreatedAt.ToTimestamp(),
            DeviceNos = { seen.Select(pile => pile.DeviceNo) },
            PilesOnline = seen.Count(pile => pile.Online),
            PlugsFree = seen.Sum(pile => pile.PlugsFree),
            Pause = station.Pause?.IsOver(clock.GetUtcNow()) is false ? station.Pause.ToWire(station.Id) : null,
        };
    }
}
