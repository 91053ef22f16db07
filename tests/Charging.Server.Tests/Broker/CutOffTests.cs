using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.Server.Tests.Broker;

/// <summary>All nodes are cut off from the broker, and find it again.</summary>
public sealed class CutOffTests
{
    // After this a node that could not reach the piles looks whether it can. No longer: the time that a pile has would pass too.
    private static readonly TimeSpan NextLook = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task A_payment_waits_for_the_broker_and_starts_when_the_pile_is_heard_again()
    {
        await using var stand = await OpenAsync();
        var orderNo = await stand.ReserveAsync();
        var link = LinkOf(stand);
        link.Trouble = "cut";
        var call = stand.ChargeAsync(orderNo);
        await stand.UntilAsync(orderNo, OrderState.Paid);
        await stand.PassAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(OrderState.Paid, (await stand.OrderAsync(orderNo)).State);

        link.Mend(stand.Clock);
        stand.Pile.SendStatus();
        await Retry.Until("the pile is heard again", () => stand.App.Services.GetRequiredService<Board>().Reach(DeviceNo.Parse(stand.Device)) == PileReach.Online);
        stand.Clock.Advance(NextLook);
        await stand.UntilAsync(orderNo, OrderState.Charging);

        await call;
        Assert.Equal(1, stand.Pile.StartsObeyed(orderNo));
        await stand.CheckAsync(knowsBooks: false);
    }

    [Fact]
    public async Task A_payment_that_has_waited_too_long_for_the_broker_goes_back()
    {
        await using var stand = await OpenAsync();
        var orderNo = await stand.ReserveAsync();
        var link = LinkOf(stand);
        link.Trouble = "cut";
        var call = stand.ChargeAsync(orderNo);
        await stand.UntilAsync(orderNo, OrderState.Paid);
        await stand.PassAsync(TimeSpan.FromMinutes(4));
        Assert.Equal(OrderState.Paid, (await stand.OrderAsync(orderNo)).State);

        link.Mend(stand.Clock);
        await stand.PassUntilAsync(orderNo, OrderState.Refunded);

        await call;
        Assert.Equal(0, stand.Pile.StartsObeyed(orderNo));
        await stand.CheckAsync(knowsBooks: false);
    }

    [Fact]
    public async Task A_start_that_does_not_get_out_is_left_for_whoever_reaches_the_pile()
    {
        await using var stand = await OpenAsync();
        var orderNo = await stand.ReserveAsync();
        var link = LinkOf(stand);
        link.BreaksAt = command => command.StartCharge is not null;
        var call = stand.ChargeAsync(orderNo);
        await Retry.Until("the link has broken", () => link.Trouble is not null);
        await Retry.Until("the start is let go", async () => await DueAsync(stand, DueKind.Start, orderNo) is { LeasedBy: null });
        Assert.Equal(OrderState.Starting, (await stand.OrderAsync(orderNo)).State);

        link.Mend(stand.Clock);
        stand.Clock.Advance(NextLook);
        await stand.UntilAsync(orderNo, OrderState.Charging);
        await call;
        Assert.Equal(1, stand.Pile.StartsObeyed(orderNo));
    }

    /// <summary>The link is found again while what became of the start waits for the store.</summary>
    [Fact]
    public async Task A_start_that_did_not_get_out_is_no_offline_pile_when_the_broker_is_back()
    {
        await using var stand = await OpenAsync();
        var orderNo = await stand.ReserveAsync();
        var link = LinkOf(stand);
        using var gate = new ManualResetEventSlim();
        var held = Task.CompletedTask;
        link.BreaksAt = command =>
        {
            if (command.StartCharge is null)
                return false;
            held = stand.App.Services.GetRequiredService<IStore>().RunAsync(_ => new ValueTask<bool>(gate.Wait(TimeSpan.FromSeconds(30))));
            link.WasSeen = false;
            return true;
        };
        var call = stand.ChargeAsync(orderNo);
        await Retry.Until("the server has seen that the link is cut", () => link.WasSeen == true);

        link.Mend(stand.Clock);
        gate.Set();
        await held;
        await stand.UntilAsync(orderNo, OrderState.Charging);
        await call;
        Assert.Equal(1, stand.Pile.StartsObeyed(orderNo));
    }

    [Fact]
    public async Task A_stop_that_does_not_get_out_is_left_for_whoever_reaches_the_pile()
    {
        await using var stand = await OpenAsync();
        var orderNo = await stand.BeginAsync();
        LinkOf(stand).BreaksAt = command => command.StopCharge is not null;
        await RequestStopAsync(stand, orderNo);
        await Retry.Until("it is let go", async () => LinkOf(stand).Trouble is not null && await DueAsync(stand, DueKind.Stop, orderNo) is { LeasedBy: null });

        Assert.Equal((0, true), await DueAsync(stand, DueKind.Stop, orderNo) is { } row ? (row.Tries, row.DueAt <= stand.Clock.GetUtcNow()) : default);
        LinkOf(stand).Mend(stand.Clock);
        await stand.PassUntilAsync(orderNo, OrderState.Settled);
    }

    [Fact]
    public async Task A_charge_that_ended_in_a_cut_is_settled_by_its_end_record_and_not_as_lost()
    {
        await using var stand = await OpenAsync();
        var orderNo = await stand.BeginAsync(amount: "0.01");
        stand.Pile.CutLink();
        LinkOf(stand).Trouble = "cut";
        await stand.PassAsync(TimeSpan.FromHours(1));
        Assert.Equal(OrderState.Charging, (await stand.OrderAsync(orderNo)).State);
        LinkOf(stand).Mend(stand.Clock);
        await stand.PassAsync(TimeSpan.FromMinutes(10));
        Assert.Equal(OrderState.Charging, (await stand.OrderAsync(orderNo)).State);

        stand.Pile.RestoreLink();
        await stand.UntilAsync(orderNo, OrderState.Settled);
        Assert.Null((await stand.OrderAsync(orderNo)).Trouble);
        await stand.CheckAsync(knowsBooks: false);
    }

    private static Task<Stand> OpenAsync() => Stand.OpenAsync(configure: builder =>
    {
        var broker = builder.Services.Last(service => service.ServiceType == typeof(IPileLink)).ImplementationFactory!;
        builder.Services.AddSingleton<IPileLink>(services => new BreakableLink((IPileLink)broker(services)));
    });

    private static BreakableLink LinkOf(Stand stand) => (BreakableLink)stand.App.Services.GetRequiredService<IPileLink>();

    private static Task<DueRow?> DueAsync(Stand stand, DueKind kind, string orderNo) => stand.App.Services.GetRequiredService<IStore>().RunAsync(
        tx => tx.GetAsync(DueRows.Table, DueRow.KeyOf(kind, orderNo, kind == DueKind.Stop ? DeviceNo.Parse(stand.Device) : null)));

    private static Task RequestStopAsync(Stand stand, string orderNo) => stand.App.Services.GetRequiredService<IStore>().RunAsync(async tx =>
    {
        await Stops.RequestNowAsync(tx, (await tx.GetAsync(OrderTables.Orders, orderNo))!);
        return true;
    });

    /// <summary>The broker's link, which can be cut as that to an external one.</summary>
    private sealed class BreakableLink(IPileLink link) : IPileLink
    {
        private string? _trouble;
        private (TimeProvider Clock, long At)? _mended;

        public string? Trouble
        {
            get
            {
                WasSeen = WasSeen is null ? null : true;
                return _trouble;
            }
            set => _trouble = value;
        }

        /// <summary>Whether it was looked at; null while that does not matter.</summary>
        public bool? WasSeen { get; set; }

        public TimeSpan ConnectedFor => _mended is var (clock, at) ? clock.GetElapsedTime(at) : TimeSpan.MaxValue;

        /// <summary>The command at which the link breaks.</summary>
        public Func<Command, bool>? BreaksAt { get; set; }

        public void Mend(FakeTimeProvider clock) => (_mended, BreaksAt, Trouble) = ((clock, clock.GetTimestamp()), null, null);

        public async ValueTask<bool> SendAsync(DeviceNo device, Command command, CancellationToken cancellationToken = default)
        {
            if (BreaksAt?.Invoke(command) == true)
                Trouble = "cut";
            return _trouble is null && await link.SendAsync(device, command, cancellationToken);
        }

        public ValueTask DisconnectAsync(DeviceNo device, CancellationToken cancellationToken = default) => link.DisconnectAsync(device, cancellationToken);
    }
}
