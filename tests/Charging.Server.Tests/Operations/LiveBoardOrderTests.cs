using System.Text.Json.Nodes;
using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.PileSimulator;
using Charging.Server.Orders;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using OrderState = Charging.Server.Orders.OrderState;

namespace Charging.Server.Tests.Operations;

/// <summary>What operators do on the live board: alarms, orders in trouble, and the figures of it.</summary>
public sealed class LiveBoardOrderTests(Browser browser) : IClassFixture<Browser>
{
    [Fact]
    public async Task An_alarm_is_shown_said_acknowledged_and_cleared()
    {
        await using var stand = await Stand.OpenAsync();
        await using var page = await browser.OpenAsync(stand.App);
        await page.WatchAsync(await stand.App.NewKeyAsync(Role.Operator, "night shift"));
        await page.SeesAsync("#alarms-card:has-text('No alarms.')");
        stand.Pile.RaiseAlarm(AlarmCode.Smoke, 3);
        await page.SeesAsync($"#alarms [data-state=OPEN]:has-text('Smoke'):has-text('{stand.Device} · Plug 03')");
        Assert.StartsWith("Alarm: Smoke", await page.AskAsync<string>("document.getElementById('announce').textContent"), StringComparison.Ordinal);

        await page.ClickAsync("#alarms [data-action=acknowledge]");
        await page.ConfirmAsync("on my way");
        await page.SeesAsync("#alarms [data-state=ACKNOWLEDGED]:has-text('seen to by night shift')");
        await page.SeesNoAsync("#ask");

        await page.ClickAsync("#alarms [data-action=clear]");
        await page.ClickAsync("#ask [data-action=go]");
        await page.SeesAsync("#ask .error:has-text('Say why.')");
        await page.ConfirmAsync("was dust");
        await page.SeesNoAsync("#alarms li");
        Assert.Equal(["ClearAlarm was dust", "AcknowledgeAlarm on my way"], await AuditAsync(stand, $"alarm:{stand.Device}-03-Smoke"));
    }

    [Fact]
    public async Task A_plug_and_a_pile_are_paused_and_resumed()
    {
        await using var stand = await Stand.OpenAsync();
        await using var page = await browser.OpenAsync(stand.App);
        await page.WatchAsync(await stand.App.NewKeyAsync(Role.Operator, "night shift"));
        await page.ClickAsync("[data-plug='3'][data-state=free]");
        await page.ClickAsync("#details [data-action=pause][data-what=plug]");
        await page.TypeAsync("#until", "2019-12-05T18:00");
        await page.ConfirmAsync("socket broken");
        await page.SeesAsync("#piles [data-plug='3'][data-state=paused]");
        await page.SeesAsync("#piles [data-state=free]", 9);
        Assert.Equal(2, await stand.SeeAsync(3));

        await page.ClickAsync("#piles [data-plug='3']");
        await page.SeesAsync("#details dd:text-is('socket broken (until 2019-12-05 18:00:00)')");
        await page.ClickAsync("#details [data-action=resume][data-what=plug]");
        await page.ConfirmAsync("");
        await page.SeesAsync("#piles [data-plug='3'][data-state=free]");

        await page.ClickAsync("#piles [data-plug='3']");
        await page.ClickAsync("#details [data-action=pause][data-what=pile]");
        await page.ConfirmAsync("repair");
        await page.SeesAsync("#piles [data-state=paused]", 10);
        Assert.Equal(["PausePile repair", "ResumePile ", "PausePile socket broken"], await AuditAsync(stand, $"pile:{stand.Device}"));
    }

    [Fact]
    public async Task A_charge_whose_pile_has_gone_is_listed_and_ended()
    {
        await using var stand = await Stand.OpenAsync();
        await using var page = await browser.OpenAsync(stand.App);
        await page.WatchAsync(await stand.App.NewKeyAsync(Role.Operator, "night shift"));
        var orderNo = await stand.BeginAsync();
        await page.SeesAsync(".plug[data-state=charging]");
        await page.SeesNoAsync("#trouble li");
        stand.Pile.CutPower();
        await page.SeesAsync($"#trouble li:has-text('{orderNo}'):has-text('Its pile is offline')");
        await page.SeesAsync(".plug[data-plug='2'][data-dark=true]");
        await page.SeesNoAsync("#trouble [data-action=resolve]");

        await page.ClickAsync("#trouble [data-action=forceEnd]");
        await page.ConfirmAsync("burnt down");
        await page.SeesNoAsync("#trouble li");
        Assert.Equal(["ForceEndOrder burnt down"], await AuditAsync(stand, $"order:{orderNo}"));
    }

    [Fact]
    public async Task An_order_in_trouble_is_listed_and_resolved()
    {
        await using var stand = await Stand.OpenAsync();
        await using var page = await browser.OpenAsync(stand.App);
        await page.WatchAsync(await stand.App.NewKeyAsync(Role.Operator, "night shift"));
        await page.SeesAsync("#trouble-card:has-text('No order waits for a person.')");
        var orderNo = await LoseAsync(stand);
        await page.SeesAsync($"#trouble li:has-text('{orderNo}'):has-text('The pile forgot the charge')");
        await page.SeesAsync("#figures .tile[data-key=orders] b:text-is('1')");

        await page.ClickAsync("#trouble [data-action=retry]");
        await page.ClickAsync("#ask [data-action=go]");
        await page.SeesAsync("#ask [role=status]");
        await page.ClickAsync("#ask [data-action=close]");
        await page.ClickAsync("#trouble [data-action=resolve]");
        await page.ConfirmAsync("the rider was called");
        await page.SeesNoAsync("#trouble li");
        Assert.Equal(["ResolveOrder the rider was called", "RetryOrder "], await AuditAsync(stand, $"order:{orderNo}"));
        Assert.Null((await stand.OrderAsync(orderNo)).Trouble);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_charge_is_ended_by_force_from_its_plug()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await stand.BeginAsync(2, 1.00);
        await using var page = await browser.OpenAsync(stand.App);
        await page.WatchAsync(stand.App.Key());
        await page.ClickAsync("[data-plug='2'][data-state=charging]");
        await page.ClickAsync("#details [data-action=forceEnd]");
        await page.ConfirmAsync("burnt down");
        await page.SeesAsync("#details dd:text-is('settled')");
        await stand.UntilAsync(orderNo, OrderState.Settled);
        Assert.Equal(["ForceEndOrder burnt down"], await AuditAsync(stand, $"order:{orderNo}"));
    }

    [Fact]
    public async Task The_orders_of_a_rider_are_found_by_phone()
    {
        await using var stand = await Stand.OpenAsync();
        var paid = await stand.BeginAsync(2, 1.00);
        var other = await stand.App.RegisterAsync();
        await stand.ReserveAsync(4, other);
        await using var page = await browser.OpenAsync(stand.App);
        page.Expect("404");
        await page.WatchAsync(await stand.App.NewKeyAsync(Role.Viewer));
        var phone = stand.Rider.Phone;
        await page.TypeAsync("#wanted", $" {phone[..3]} {phone[3..7]}-{phone[7..]} ");
        await page.ClickAsync("#find button");
        await page.SeesAsync("#details .rows li", 1);
        await page.SeesAsync($"#details .rows li:has-text('{paid}'):has-text('charging'):has-text('{stand.Device} · Plug 02'):has-text('¥1.00')");
        await page.ClickAsync("#details .rows button");
        await page.SeesAsync($"#details dd:text-is('{paid}')");
        await page.PressAsync("Escape");

        // What is not paid is found as long as it waits.
        await page.TypeAsync("#wanted", other.Phone);
        await page.ClickAsync("#find button");
        await page.SeesAsync("#details .rows li:has-text('reserved'):has-text('Plug 04')");
        await page.PressAsync("Escape");
        await page.TypeAsync("#wanted", "13999999999");
        await page.ClickAsync("#find button");
        await page.SeesAsync("#details .error:has-text('Nobody has registered with 13999999999')");
    }

    [Fact]
    public async Task A_refund_goes_up_to_the_limit_of_the_role_and_the_server_says_why_no_further()
    {
        await using var stand = await Stand.OpenAsync(settings: "--Charging:Operations:OperatorRefundFen=12");
        var orderNo = await LoseAsync(stand);
        await using var page = await browser.OpenAsync(stand.App);
        page.Expect("403");
        await page.WatchAsync(await stand.App.NewKeyAsync(Role.Operator));
        await page.TypeAsync("#wanted", orderNo);
        await page.ClickAsync("#find button");
        await page.ClickAsync("#details [data-action=refund]");
        await page.TypeAsync("#amount", "0,1");
        await page.ConfirmAsync("slow");
        await page.SeesAsync("#ask .error:has-text('such as 1.50')");
        await page.TypeAsync("#amount", "0.13");
        await page.ConfirmAsync("slow");
        await page.SeesAsync("#ask .error:has-text('may move 0.12 yuan of this kind in a day')");
        Assert.Equal(0, (await stand.OrderAsync(orderNo)).WaivedFen);

        await page.TypeAsync("#amount", "0.12");
        await page.ConfirmAsync("slow");
        await page.SeesNoAsync("#ask");
        Assert.Equal(12, (await stand.OrderAsync(orderNo)).WaivedFen);
        await page.PressAsync("Escape");
        await page.SeesAsync("#figures .tile[data-key=refunded] b:text-is('¥0.12')");
        await stand.CheckAsync();
    }

    [Fact]
    public async Task A_refund_whose_answer_is_lost_and_that_is_sent_again_is_one_refund()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await LoseAsync(stand);
        await using var page = await browser.OpenAsync(stand.App);
        page.Expect("Failed to load resource");
        await page.WatchAsync(stand.App.Key());
        await page.ClickAsync("#trouble [data-action=refund]");
        await page.LoseAnswerAsync($"**/orders/{orderNo}:refund");
        await page.TypeAsync("#amount", "0.12");
        await page.ConfirmAsync("slow");
        await page.SeesAsync("#ask .error:has-text('look before you try again')");
        Assert.Equal(12, (await stand.OrderAsync(orderNo)).WaivedFen);
        await page.ClickAsync("#ask [data-action=go]");
        await page.SeesNoAsync("#ask");
        Assert.Equal(12, (await stand.OrderAsync(orderNo)).WaivedFen);
        await stand.CheckAsync();
    }

    [Fact]
    public async Task An_alarm_that_nobody_knows_is_shown_beside_one_that_everybody_does()
    {
        await using var stand = await Stand.OpenAsync();
        await using var pile = await RawPile.OpenAsync(stand.App);
        await pile.RaiseAsync(1, raised => raised.Alarm = new Device.V1.Alarm { Code = (AlarmCode)77, Severity = (AlarmSeverity)99, Raised = true });
        stand.Pile.RaiseAlarm(AlarmCode.Smoke, 0);
        await using var page = await browser.OpenAsync(stand.App);
        await page.WatchAsync(stand.App.Key());
        await page.SeesAsync("#alarms li[data-severity=WARNING]:has-text('Other alarm (77)')");
        await page.SeesAsync("#alarms li[data-severity=CRITICAL]:has-text('Smoke')");
        await page.SeesNoAsync("#faults");
    }

    [Fact]
    public async Task What_the_page_cannot_draw_costs_that_row_and_is_counted()
    {
        await using var stand = await Stand.OpenAsync();
        await using var page = await browser.OpenAsync(stand.App);
        page.Expect("TypeError");
        // As a server would that is newer than the page.
        await page.AskAsync<JsonNode?>("""
            window.streams = 0;
            const [parse, ask] = [JSON.parse, window.fetch];
            window.fetch = (...all) => { window.streams += all[0].includes(":watch"); return ask(...all); };
            JSON.parse = text => {
              const message = parse(text);
              for (const alarm of message.alarms ?? []) if (alarm.code === "ALARM_CODE_DOOR") alarm.severity = 99;
              return message;
            };
            null
            """);
        stand.Pile.RaiseAlarm(AlarmCode.Door);
        stand.Pile.RaiseAlarm(AlarmCode.Smoke, 0);
        await page.WatchAsync(stand.App.Key());
        await page.SeesAsync($"#alarms li:has-text('{stand.Device}-00-Door cannot be shown')");
        await page.SeesAsync("#alarms li[data-severity=CRITICAL]:has-text('Smoke')");
        await page.SeesAsync("#faults:has-text('could not be shown')");
        Assert.Equal(3, await page.AskAsync<int>("window.streams"));
    }

    [Fact]
    public async Task A_viewer_sees_everything_and_no_button_that_changes_anything()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await LoseAsync(stand);
        stand.Pile.RaiseAlarm(AlarmCode.Door);
        await using var page = await browser.OpenAsync(stand.App);
        await page.WatchAsync(await stand.App.NewKeyAsync(Role.Viewer));
        await page.SeesAsync("#alarms li");
        // What was there before is on the page and need not be called out.
        Assert.Equal("", await page.AskAsync<string>("document.getElementById('announce').textContent"));
        await page.ClickAsync($"#trouble .link-like:has-text('{orderNo}')");
        await page.SeesAsync("#details .timeline li");
        await page.SeesAsync("[data-action]:not([data-action=close])", 0);
    }

    [Fact]
    public async Task The_plot_is_the_report_of_the_last_24_hours_and_grows_as_charges_end()
    {
        await using var stand = await Stand.OpenAsync();
        // It is 11:07: the hour before yesterday's 12 is no part of it.
        await PutHoursAsync(stand, "2019-12-03", (11, 9), (12, 4), (23, 2));
        await PutHoursAsync(stand, "2019-12-04", (0, 7), (10, 1));
        await using var page = await browser.OpenAsync(stand.App);
        await page.WatchAsync(stand.App.Key());
        await page.SeesAsync("#plot rect", 24);
        await page.SeesAsync("#plot svg[aria-label='Charges, hour by hour: 14 in all']");
        var orderNo = await stand.BeginAsync(2, 1.00);
        await new OrderService.OrderServiceClient(stand.App.AsOperator()).ForceEndOrderAsync(new ForceEndOrderRequest { OrderNo = orderNo, Reason = "for the test" });
        await page.SeesAsync("#plot rect.now[data-value='1']");

        var report = await new ReportService.ReportServiceClient(stand.App.AsOperator())
            .GetReportAsync(new GetReportRequest { FromDay = "2019-12-03", ToDay = "2019-12-04", Group = ReportGroup.Hour });
        var rows = report.Rows.Select(row => (row.Day, row.Hour, row.Orders)).Where(row => row is not ("2019-12-03", < 12, _));
        var bars = (await page.AttributesAsync("#plot rect", "data-day")).Zip(await page.AttributesAsync("#plot rect", "data-hour"), await page.AttributesAsync("#plot rect", "data-value"));
        Assert.Equal(rows, bars.Select(bar => (bar.First, int.Parse(bar.Second), long.Parse(bar.Third))).Where(bar => bar.Item3 > 0));
        await page.ClickAsync("[data-plot=revenueFen]");
        await page.SeesAsync("#plot svg[aria-label='Earned, hour by hour: ¥3.50 in all']");
    }

    /// <summary>A charge of an hour for one yuan, of which the pile forgets: 25 fen are used, and the order is in trouble.</summary>
    /// <returns>The order number.</returns>
    internal static async Task<string> LoseAsync(Stand stand)
    {
        var orderNo = await stand.BeginAsync(2, 1.00);
        await stand.ChargedForAnHourAsync(orderNo);
        await stand.PassAsync(TimeSpan.FromSeconds(30));
        await stand.ForgetAsync(orderNo);
        await stand.PassAsync(LostCharges.Patience + TimeSpan.FromSeconds(30));
        await stand.UntilAsync(orderNo, OrderState.Settled);
        return orderNo;
    }

    private static Task PutHoursAsync(Stand stand, string day, params (int Hour, long Orders)[] hours) => stand.App.Services.GetRequiredService<IStore>().RunAsync(tx =>
    {
        tx.Put(DayFigures.Table, new DayFigures
        {
            Day = day,
            Device = DeviceNo.Parse(stand.Device),
            Orders = hours.Sum(it => it.Orders),
            Hours = [.. hours.Select(it => new HourFigures { Hour = it.Hour, Orders = it.Orders, RevenueFen = it.Orders * 25 })],
        });
        return ValueTask.FromResult(true);
    });

    private static async Task<IEnumerable<string>> AuditAsync(Stand stand, string subject) =>
        (await new AuditService.AuditServiceClient(stand.App.AsOperator()).ListAuditAsync(new ListAuditRequest { Subject = subject }))
            .Entries.Select(entry => $"{entry.Method.Split('/')[^1]} {entry.Reason}");
}
