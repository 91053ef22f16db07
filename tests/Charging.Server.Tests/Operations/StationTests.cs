using Charging.Ops.V1;
using Charging.Server.Orders;
using Charging.Server.Storage;
using Charging.Testing;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using Place = Charging.Server.Stations.Place;
using Tariff = Charging.Server.Orders.Tariff;

namespace Charging.Server.Tests.Operations;

/// <summary>Stations, where they are, and what their piles charge.</summary>
public sealed class StationTests
{
    [Fact]
    public async Task A_station_is_made_once_changed_and_removed_when_it_has_no_piles()
    {
        await using var app = await ChargingApp.StartAsync();
        var (stations, piles) = Clients(app);
        var made = (await stations.AddStationAsync(new AddStationRequest { StationId = "gate-1", Name = "东门", Address = "1 Road", Position = new Position { Latitude = 22.5, Longitude = 114.1 } })).Station;
        Assert.Equal(("gate-1", "东门", 114.1), (made.StationId, made.Name, made.Position.Longitude));
        Assert.Equal(StatusCode.AlreadyExists, await RefusedAsync(() => stations.AddStationAsync(new AddStationRequest { StationId = "gate-1", Name = "x" }).ResponseAsync));

        var device = ChargingApp.NewDeviceNo();
        await piles.RegisterPileAsync(new RegisterPileRequest { DeviceNo = device, StationId = "gate-1", PlugCount = 2 });
        var changed = (await stations.UpdateStationAsync(new UpdateStationRequest { StationId = "gate-1", Address = "" })).Station;
        Assert.Equal(("东门", "", 22.5), (changed.Name, changed.Address, changed.Position.Latitude));
        Assert.Equal([device], changed.DeviceNos);
        Assert.Single((await piles.ListPilesAsync(new ListPilesRequest { StationId = "gate-1" })).Piles);
        Assert.Equal(StatusCode.FailedPrecondition, await RefusedAsync(() => stations.RemoveStationAsync(new RemoveStationRequest { StationId = "gate-1" }).ResponseAsync));

        await piles.UpdatePileAsync(new UpdatePileRequest { DeviceNo = device, StationId = "" });
        await stations.RemoveStationAsync(new RemoveStationRequest { StationId = "gate-1" });
        Assert.Equal(StatusCode.NotFound, await RefusedAsync(() => stations.GetStationAsync(new GetStationRequest { StationId = "gate-1" }).ResponseAsync));
        Assert.Empty((await stations.ListStationsAsync(new ListStationsRequest())).Stations);
    }

    [Fact]
    public async Task An_operator_gives_no_pile_another_price_by_its_station()
    {
        await using var app = await ChargingApp.StartAsync();
        var (stations, piles) = Clients(app);
        await new TariffService.TariffServiceClient(app.AsOperator()).SetTariffAsync(new SetTariffRequest { Tariff = new Ops.V1.Tariff { Name = "staff", ElectricityFen = 1 } });
        var device = ChargingApp.NewDeviceNo();
        await stations.AddStationAsync(new AddStationRequest { StationId = "cheap", Name = "x", Tariff = "staff" });
        await stations.AddStationAsync(new AddStationRequest { StationId = "plain", Name = "x" });
        await stations.AddStationAsync(new AddStationRequest { StationId = "other", Name = "x" });
        await piles.RegisterPileAsync(new RegisterPileRequest { DeviceNo = device, StationId = "plain", PlugCount = 2 });
        var low = await app.AsAsync(Role.Operator);
        var (lowStations, lowPiles) = (new StationService.StationServiceClient(low), new PileService.PileServiceClient(low));

        Assert.Equal(StatusCode.PermissionDenied, await RefusedAsync(() => lowStations.AddStationAsync(new AddStationRequest { StationId = "mine", Name = "x", Tariff = "staff" }).ResponseAsync));
        Assert.Equal(StatusCode.PermissionDenied, await RefusedAsync(() => lowStations.UpdateStationAsync(new UpdateStationRequest { StationId = "plain", Tariff = "staff" }).ResponseAsync));
        Assert.Equal(StatusCode.PermissionDenied, await RefusedAsync(() => lowPiles.UpdatePileAsync(new UpdatePileRequest { DeviceNo = device, StationId = "cheap" }).ResponseAsync));
        await lowPiles.UpdatePileAsync(new UpdatePileRequest { DeviceNo = device, StationId = "other" });
        await lowStations.UpdateStationAsync(new UpdateStationRequest { StationId = "other", Name = "y" });
        await lowPiles.RetirePileAsync(new RetirePileRequest { DeviceNo = device, Reason = "x" });
        await Retry.Until("it is cut off", async () =>
            await RefusedAsync(() => lowPiles.RegisterPileAsync(new RegisterPileRequest { DeviceNo = device, StationId = "cheap", PlugCount = 2 }).ResponseAsync) == StatusCode.PermissionDenied);
        Assert.Equal("other", (await piles.GetPileAsync(new GetPileRequest { DeviceNo = device })).Pile.StationId);
    }

    [Fact]
    public async Task What_makes_no_sense_is_refused()
    {
        await using var app = await ChargingApp.StartAsync();
        var (stations, piles) = Clients(app);
        AddStationRequest[] wrong =
        [
            new() { StationId = "Gate", Name = "x" }, new() { StationId = "", Name = "x" }, new() { StationId = "g", Name = "" },
            new() { StationId = "g", Name = "x", Position = new Position { Latitude = 91 } }, new() { StationId = "g", Name = "x", Position = new Position { Longitude = double.NaN } },
        ];
        foreach (var request in wrong)
            Assert.Equal(StatusCode.InvalidArgument, await RefusedAsync(() => stations.AddStationAsync(request).ResponseAsync));
        Assert.Equal(StatusCode.FailedPrecondition, await RefusedAsync(() => stations.AddStationAsync(new AddStationRequest { StationId = "g", Name = "x", Tariff = "none" }).ResponseAsync));
        Assert.Equal(StatusCode.FailedPrecondition, await RefusedAsync(() => piles.RegisterPileAsync(new RegisterPileRequest { DeviceNo = ChargingApp.NewDeviceNo(), StationId = "g" }).ResponseAsync));
        Assert.Equal(StatusCode.InvalidArgument, await RefusedAsync(() => stations.FindNearestStationsAsync(new FindNearestStationsRequest { RadiusM = 100_001 }).ResponseAsync));
    }

    [Fact]
    public async Task The_nearest_stations_come_first_and_those_too_far_not_at_all()
    {
        await using var app = await ChargingApp.StartAsync();
        var (stations, _) = Clients(app);
        (string Id, double North, double East)[] places = [("far", 22.60, 114.06), ("near", 22.5431, 114.0579), ("nearer", 22.5430, 114.0580), ("other-side", -22.54, -65.94)];
        foreach (var (id, north, east) in places)
            await stations.AddStationAsync(new AddStationRequest { StationId = id, Name = id, Position = new Position { Latitude = north, Longitude = east } });
        await stations.AddStationAsync(new AddStationRequest { StationId = "nowhere", Name = "nowhere" });

        var found = (await stations.FindNearestStationsAsync(new FindNearestStationsRequest { Latitude = 22.5429, Longitude = 114.0580 })).Stations;
        Assert.Equal(["nearer", "near"], found.Select(near => near.Station.StationId));
        Assert.InRange(found[0].DistanceM, 10, 12);
        Assert.Equal(3, (await stations.FindNearestStationsAsync(new FindNearestStationsRequest { Latitude = 22.5429, Longitude = 114.0580, RadiusM = 10_000 })).Stations.Count);
        Assert.Single((await stations.FindNearestStationsAsync(new FindNearestStationsRequest { Latitude = 22.5429, Longitude = 114.0580, PageSize = 1 })).Stations);
    }

    [Theory]
    [InlineData(0, 0, 0, 1, 111_195)]
    [InlineData(39.9042, 116.4074, 31.2304, 121.4737, 1_067_000)]
    [InlineData(0, 179.9, 0, -179.9, 22_239)]
    [InlineData(90, 0, -90, 0, 20_015_087)]
    [InlineData(1, 1, 1, 1, 0)]
    public void Distances_are_those_on_a_sphere(double north, double east, double otherNorth, double otherEast, double metres) =>
        Assert.InRange(new Place(north, east).DistanceTo(new Place(otherNorth, otherEast)), metres * 0.999, (metres * 1.001) + 1);

    [Fact]
    public async Task A_pile_without_a_tariff_of_its_own_has_its_stations()
    {
        await using var stand = await Stand.OpenAsync();
        var (stations, piles) = Clients(stand.App);
        await stand.App.Services.GetRequiredService<IStore>().RunAsync(tx =>
        {
            foreach (var (name, price) in new[] { ("cheap", 10), ("dear", 1_000) })
                tx.Put(Tariffs.Table, new Tariff { Name = name, ElectricityFen = price, LongestSeconds = 3_600 });
            return ValueTask.FromResult(true);
        });
        await stations.AddStationAsync(new AddStationRequest { StationId = "gate", Name = "Gate", Tariff = "cheap" });
        await piles.UpdatePileAsync(new UpdatePileRequest { DeviceNo = stand.Device, StationId = "gate" });
        var cheap = await stand.ReserveAsync(1);
        Assert.Equal("cheap", (await stand.OrderAsync(cheap)).Tariff.Name);
        await stations.UpdateStationAsync(new UpdateStationRequest { StationId = "gate", Tariff = "dear" });
        Assert.Equal("dear", (await stand.OrderAsync(await stand.ReserveAsync(2))).Tariff.Name);
        Assert.Equal("cheap", (await stand.OrderAsync(cheap)).Tariff.Name);
        await stations.UpdateStationAsync(new UpdateStationRequest { StationId = "gate", Tariff = "default" });
        Assert.Equal(Tariffs.Default, (await stand.OrderAsync(await stand.ReserveAsync(3))).Tariff.Name);
    }

    private static (StationService.StationServiceClient, PileService.PileServiceClient) Clients(ChargingApp app) => (new(app.AsOperator()), new(app.AsOperator()));

    private static async Task<StatusCode> RefusedAsync(Func<Task> call) => (await Assert.ThrowsAsync<RpcException>(call)).StatusCode;
}
