using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.Server.Orders;
using Charging.Server.Storage;
using Charging.Testing;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using DomainState = Charging.Server.Orders.OrderState;

namespace Charging.Server.Tests.Operations;

/// <summary>Reports add up to what happened.</summary>
public sealed class ReportTests
{
    [Fact]
    public async Task Orders_energy_money_and_failures_are_counted_by_day_station_and_pile()
    {
        await using var stand = await Stand.OpenAsync();
        var reports = new ReportService.ReportServiceClient(stand.App.AsOperator());
        var orders = new OrderService.OrderServiceClient(stand.App.AsOperator());
        await new StationService.StationServiceClient(stand.App.AsOperator()).AddStationAsync(new AddStationRequest { StationId = "gate", Name = "Gate" });
        await new PileService.PileServiceClient(stand.App.AsOperator()).UpdatePileAsync(new UpdatePileRequest { DeviceNo = stand.Device, StationId = "gate" });
        var first = await SettledAsync(stand, orders, 2);
        await orders.RefundOrderAsync(new RefundOrderRequest { OrderNo = first, AmountFen = 7, Reason = "slow" });
        // Another amount than was paid is no failed start; a plug with nothing connected is.
        stand.Pile.Unplug(5);
        await stand.ChargeAsync(await stand.ReserveAsync(5), 0.10, 5);
        await stand.PassAsync(TimeSpan.FromHours(14));
        var second = await SettledAsync(stand, orders, 3);

        var days = await reports.GetReportAsync(new GetReportRequest { FromDay = "2019-12-04", ToDay = "2019-12-06" });
        Assert.Equal(["2019-12-04", "2019-12-05"], days.Rows.Select(row => row.Day));
        Assert.Equal((2L, 1L, 200L, 50L, 7L, 360L, 7200L), Figures(days.Total));
        Assert.Equal((1L, 1L, 100L, 25L, 7L), (days.Rows[0].Orders, days.Rows[0].FailedStarts, days.Rows[0].PaidFen, days.Rows[0].RevenueFen, days.Rows[0].RefundedFen));

        var hours = await reports.GetReportAsync(new GetReportRequest { FromDay = "2019-12-04", ToDay = "2019-12-06", Group = ReportGroup.Hour });
        Assert.Equal([("2019-12-04", 11, 1L, 1L, 7L), ("2019-12-05", 1, 1L, 0L, 0L)], hours.Rows.Select(row => (row.Day, row.Hour, row.Orders, row.FailedStarts, row.RefundedFen)));
        Assert.Equal(Figures(days.Total), Figures(hours.Total));

        var stations = await reports.GetReportAsync(new GetReportRequest { Group = ReportGroup.Station });
        Assert.Equal([("gate", 2L)], stations.Rows.Select(row => (row.StationId, row.Orders)));
        var piles = await reports.GetReportAsync(new GetReportRequest { Group = ReportGroup.Pile, StationId = "gate" });
        Assert.Equal([(stand.Device, 2L)], piles.Rows.Select(row => (row.DeviceNo, row.Orders)));
        Assert.Empty((await reports.GetReportAsync(new GetReportRequest { DeviceNo = ChargingApp.NewDeviceNo() })).Rows);

        var paged = await reports.GetReportAsync(new GetReportRequest { PageSize = 1 });
        Assert.Equal(["2019-12-04"], paged.Rows.Select(row => row.Day));
        paged = await reports.GetReportAsync(new GetReportRequest { PageSize = 1, PageToken = paged.NextPageToken });
        Assert.Equal(("2019-12-05", "", 2L), (paged.Rows.Single().Day, paged.NextPageToken, paged.Total.Orders));
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_day_that_was_not_counted_by_the_hour_counts_as_a_day_and_goes_on_by_the_hour()
    {
        await using var stand = await Stand.OpenAsync();
        var before = new DayFigures { Day = "2019-12-04", Device = DeviceNo.Parse(stand.Device), Orders = 5, RevenueFen = 90 };
        await stand.App.Services.GetRequiredService<IStore>().RunAsync(tx =>
        {
            tx.Put(DayFigures.Table, before);
            return ValueTask.FromResult(true);
        });
        await SettledAsync(stand, new OrderService.OrderServiceClient(stand.App.AsOperator()), 2);
        var reports = new ReportService.ReportServiceClient(stand.App.AsOperator());
        Assert.Equal(6, (await reports.GetReportAsync(new GetReportRequest())).Total.Orders);
        Assert.Equal(1, (await reports.GetReportAsync(new GetReportRequest { Group = ReportGroup.Hour })).Total.Orders);
    }

    [Theory]
    [InlineData("2019-12-05", "2019-12-04")]
    [InlineData("2019-09-01", "2019-12-04")]
    [InlineData("yesterday", "")]
    [InlineData("", "2019-13-01")]
    public async Task Days_that_make_no_sense_are_refused(string from, string to)
    {
        await using var app = await ChargingApp.StartAsync();
        var refusal = await Assert.ThrowsAsync<RpcException>(
            () => new ReportService.ReportServiceClient(app.AsOperator()).GetReportAsync(new GetReportRequest { FromDay = from, ToDay = to }).ResponseAsync);
        Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
    }

    private static (long, long, long, long, long, long, long) Figures(ReportRow row) =>
        (row.Orders, row.FailedStarts, row.PaidFen, row.RevenueFen, row.RefundedFen, row.EnergyWh, row.Seconds);

    private static async Task<string> SettledAsync(Stand stand, OrderService.OrderServiceClient orders, int plug)
    {
        var orderNo = await stand.BeginAsync(plug, 1.00);
        await stand.ChargedForAnHourAsync(orderNo);
        await orders.ForceEndOrderAsync(new ForceEndOrderRequest { OrderNo = orderNo, Reason = "for the test" });
        await stand.Pile.WaitUntilAsync("the pile has stopped", pile => pile.Unacknowledged.Count == 0);
        await stand.UntilAsync(orderNo, DomainState.Settled);
        return orderNo;
    }
}
