using Charging.Device.V1;
using Charging.Ops.V1;
using Charging.Testing;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;
using PlugState = Charging.Ops.V1.PlugState;

namespace Charging.Server.Tests.Operations;

/// <summary>Operators keep plugs, piles and stations from new charges for a while.</summary>
public sealed class PauseOpsTests
{
    [Theory]
    [InlineData("plug", 1)]
    [InlineData("pile", 10)]
    [InlineData("station", 10)]
    public async Task What_is_paused_takes_no_charges_until_it_is_resumed(string what, int plugs)
    {
        await using var stand = await OpenAsync();
        var name = await SetAsync(stand, what, paused: true);
        var pile = await ShowAsync(stand);
        Assert.Equal(plugs, pile.PlugsFault);
        Assert.Equal(what == "plug", pile.Pause is null);
        var pause = pile.Plugs[1].Pause;
        Assert.Equal((PlugState.Fault, "repair", name, what == "plug" ? 2 : 0, what == "station" ? "gate" : ""), (pile.Plugs[1].State, pause.Reason, pause.By, pause.Plug, pause.StationId));
        Assert.Equal((2, 3005), (await stand.SeeAsync(), (await stand.Rider.ReserveAsync(stand.Device, "02")).Code));

        await SetAsync(stand, what, paused: false);
        pile = await ShowAsync(stand);
        Assert.Equal((0, null, null), (pile.PlugsFault, pile.Pause, pile.Plugs[1].Pause));
        await stand.BeginAsync();
        var audit = await new AuditService.AuditServiceClient(stand.App.AsOperator()).ListAuditAsync(new ListAuditRequest { Subject = what == "station" ? "station:gate" : $"pile:{stand.Device}" });
        var place = what switch { "plug" => "Plug 2", "pile" => "The pile", _ => "The station" };
        Assert.Equal([$"{place} is paused no more.", $"{place} is paused."], audit.Entries.Take(2).Select(entry => entry.Outcome));
    }

    [Fact]
    public async Task Whoever_watches_the_piles_hears_of_a_pause_of_their_station()
    {
        await using var stand = await OpenAsync();
        using var stream = new PileService.PileServiceClient(stand.App.AsOperator()).WatchPiles(new WatchPilesRequest());
        Assert.Null((await NextAsync(stream)).Pause);
        await SetAsync(stand, "station", paused: true);
        Assert.Equal("gate", (await NextAsync(stream)).Pause.StationId);
    }

    [Fact]
    public async Task An_operator_resumes_no_alarm()
    {
        await using var stand = await OpenAsync();
        stand.Pile.RaiseAlarm(AlarmCode.Smoke, 2);
        await stand.Pile.WaitUntilAsync("the alarm was heard", pile => pile.Unacknowledged.Count == 0);
        await SetAsync(stand, "plug", paused: true);
        await SetAsync(stand, "plug", paused: false);
        Assert.Equal(AlarmCode.Smoke, (await ShowAsync(stand)).Plugs[1].Pause.Alarm);
        Assert.Equal(3005, (await stand.Rider.ReserveAsync(stand.Device, "02")).Code);
    }

    [Fact]
    public async Task What_makes_no_sense_is_refused()
    {
        await using var stand = await OpenAsync();
        var piles = new PileService.PileServiceClient(stand.App.AsOperator());
        var now = stand.Clock.GetUtcNow();
        (StatusCode Code, PausePileRequest Request)[] wrong =
        [
            (StatusCode.InvalidArgument, new() { DeviceNo = stand.Device }),
            (StatusCode.InvalidArgument, new() { DeviceNo = stand.Device, Plug = 11, Reason = "x" }),
            (StatusCode.InvalidArgument, new() { DeviceNo = stand.Device, Plug = -1, Reason = "x" }),
            (StatusCode.InvalidArgument, new() { DeviceNo = stand.Device, Reason = "x", Until = now.ToTimestamp() }),
            (StatusCode.InvalidArgument, new() { DeviceNo = stand.Device, Reason = "x", Until = now.AddDays(367).ToTimestamp() }),
            (StatusCode.NotFound, new() { DeviceNo = "FFFFFFFFFF", Reason = "x" }),
        ];
        foreach (var (code, request) in wrong)
            Assert.Equal((request, code), (request, (await Assert.ThrowsAsync<RpcException>(() => piles.PausePileAsync(request).ResponseAsync)).StatusCode));
        Assert.Equal(0, (await ShowAsync(stand)).PlugsFault);

        await piles.RetirePileAsync(new RetirePileRequest { DeviceNo = stand.Device, Reason = "sold" });
        var refused = await Assert.ThrowsAsync<RpcException>(() => piles.PausePileAsync(new PausePileRequest { DeviceNo = stand.Device, Reason = "x" }).ResponseAsync);
        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
    }

    private static async Task<Stand> OpenAsync()
    {
        var stand = await Stand.OpenAsync();
        await new StationService.StationServiceClient(stand.App.AsOperator()).AddStationAsync(new AddStationRequest { StationId = "gate", Name = "Gate" });
        await new PileService.PileServiceClient(stand.App.AsOperator()).UpdatePileAsync(new UpdatePileRequest { DeviceNo = stand.Device, StationId = "gate" });
        return stand;
    }

    /// <returns>The name of the key that did it.</returns>
    private static async Task<string> SetAsync(Stand stand, string what, bool paused)
    {
        var calls = stand.App.AsOperator();
        var (piles, stations, plug) = (new PileService.PileServiceClient(calls), new StationService.StationServiceClient(calls), what == "plug" ? 2 : 0);
        if (what == "station" && paused)
            await stations.PauseStationAsync(new PauseStationRequest { StationId = "gate", Reason = "repair" });
        else if (what == "station")
            await stations.ResumeStationAsync(new ResumeStationRequest { StationId = "gate" });
        else if (paused)
            await piles.PausePileAsync(new PausePileRequest { DeviceNo = stand.Device, Plug = plug, Reason = "repair" });
        else
            await piles.ResumePileAsync(new ResumePileRequest { DeviceNo = stand.Device, Plug = plug });
        return (await new KeyService.KeyServiceClient(calls).WhoAmIAsync(new WhoAmIRequest())).Key.Name;
    }

    private static async Task<Pile> ShowAsync(Stand stand) =>
        (await new PileService.PileServiceClient(stand.App.AsOperator()).GetPileAsync(new GetPileRequest { DeviceNo = stand.Device })).Pile;

    private static async Task<Pile> NextAsync(AsyncServerStreamingCall<WatchPilesResponse> stream)
    {
        while (await stream.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
        {
            if (stream.ResponseStream.Current.Piles is [var pile])
                return pile;
        }
        throw new InvalidOperationException("The stream has ended.");
    }
}
