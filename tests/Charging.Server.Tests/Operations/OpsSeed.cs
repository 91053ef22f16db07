using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.PileSimulator;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Testing;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Order = Charging.Server.Orders.Order;

namespace Charging.Server.Tests.Operations;

/// <summary>An app with one of everything that operators can change, and for each method that changes something a request that works.</summary>
internal sealed class OpsSeed
{
    private static int _numbers = 200_000_000;

    private readonly Dictionary<string, Func<IMessage>> _requests;

    private OpsSeed(Rider rider, string device, string charging, string settled, long userId, string card, string keyId)
    {
        _requests = new()
        {
            ["RegisterPile"] = () => new RegisterPileRequest { DeviceNo = ChargingApp.NewDeviceNo() },
            ["UpdatePile"] = () => new UpdatePileRequest { DeviceNo = device, Name = "by the gate" },
            ["RotatePileSecret"] = () => new RotatePileSecretRequest { DeviceNo = Spare },
            ["RetirePile"] = () => new RetirePileRequest { DeviceNo = Spare, Reason = "sold" },
            ["PausePile"] = () => new PausePileRequest { DeviceNo = device, Plug = 9, Reason = "repair" },
            ["ResumePile"] = () => new ResumePileRequest { DeviceNo = device, Plug = 9 },
            ["SendPileCommand"] = () => new SendPileCommandRequest { DeviceNo = device, Command = PileCommand.ReportStatus },
            ["SetPileTariff"] = () => new SetPileTariffRequest { DeviceNo = device, Tariff = "old" },
            ["SetTariff"] = () => new SetTariffRequest { Tariff = new Tariff { Name = "new", ElectricityFen = 30 } },
            ["DeleteTariff"] = () => new DeleteTariffRequest { Name = "unused" },
            ["RetryRefund"] = () => new RetryRefundRequest { RefundNo = $"{settled}R9" },
            ["Reconcile"] = () => new ReconcileRequest(),
            ["AddStation"] = () => new AddStationRequest { StationId = $"s{Next()}", Name = "New" },
            ["UpdateStation"] = () => new UpdateStationRequest { StationId = "gate", Address = "1 Road" },
            ["PauseStation"] = () => new PauseStationRequest { StationId = "gate", Reason = "repair" },
            ["ResumeStation"] = () => new ResumeStationRequest { StationId = "gate" },
            ["RemoveStation"] = () => new RemoveStationRequest { StationId = "empty" },
            ["IssueCards"] = () => new IssueCardsRequest { CardNos = { $"{Next()}" } },
            ["BlockCard"] = () => new BlockCardRequest { CardNo = card, Reason = "lost" },
            ["UnblockCard"] = () => new UnblockCardRequest { CardNo = card },
            ["BindCard"] = () => new BindCardRequest { CardNo = Next().ToString("X8"), UserId = userId },
            ["UnbindCard"] = () => new UnbindCardRequest { CardNo = card },
            ["BlockUser"] = () => new BlockUserRequest { UserId = userId, Reason = "fraud" },
            ["UnblockUser"] = () => new UnblockUserRequest { UserId = userId },
            ["SignOutUser"] = () => new SignOutUserRequest { UserId = userId },
            ["ConfirmUser"] = () => new ConfirmUserRequest { UserId = userId, Reason = "has the invoice" },
            ["MoveUser"] = () => new MoveUserRequest { UserId = userId, Phone = ChargingApp.NewPhone(), Reason = "has a new number" },
            ["IssueUserCode"] = () => new IssueUserCodeRequest { Phone = ChargingApp.NewPhone(), Reason = "gets no SMS" },
            ["AdjustUserBalance"] = () => new AdjustUserBalanceRequest { UserId = userId, AmountFen = 1, Reason = "goodwill" },
            ["ForceEndOrder"] = () => new ForceEndOrderRequest { OrderNo = charging, Reason = "burnt down" },
            ["RefundOrder"] = () => new RefundOrderRequest { OrderNo = settled, AmountFen = 1, Reason = "goodwill" },
            ["RetryOrder"] = () => new RetryOrderRequest { OrderNo = settled },
            ["ResolveOrder"] = () => new ResolveOrderRequest { OrderNo = settled, Reason = "seen to" },
            ["AcknowledgeAlarm"] = () => new AcknowledgeAlarmRequest { AlarmId = $"{device}-00-Door" },
            ["ClearAlarm"] = () => new ClearAlarmRequest { AlarmId = $"{device}-00-Door", Reason = "closed" },
            ["AcceptRestore"] = () => new AcceptRestoreRequest(),
            ["AddKey"] = () => new AddKeyRequest { Name = "somebody", Role = Role.Viewer },
            ["RevokeKey"] = () => new RevokeKeyRequest { KeyId = keyId },
        };
        Rider = rider;
    }

    public Rider Rider { get; }

    private string Spare { get; init; } = "";

    /// <summary>A request that works. A method that is new is named here, with one.</summary>
    public IMessage Request(MethodDescriptor method) => _requests.TryGetValue(method.Name, out var make)
        ? make()
        : throw new InvalidOperationException($"{method.FullName} changes something and is new: give a request for it here.");

    public static async Task<OpsSeed> MakeAsync(ChargingApp app)
    {
        var pile = await app.AddPileAsync(new SimulatedPileOptions { DeviceNo = "", Secret = "", Speed = 1 });
        var device = pile.Options.DeviceNo;
        var spare = ChargingApp.NewDeviceNo();
        var admin = app.Services.GetRequiredService<PileAdmin>();
        await admin.RegisterAsync(DeviceNo.Parse(spare), 2, Server.Piles.PlugNumbers.Decimal);
        var rider = await app.RegisterAsync();
        var stations = new StationService.StationServiceClient(app.AsOperator());
        foreach (var id in new[] { "gate", "empty" })
            await stations.AddStationAsync(new AddStationRequest { StationId = id, Name = id });
        await rider.PostAsync("bindCard", new { body = new { cardNo = "2577522B" } });
        var user = (await new UserService.UserServiceClient(app.AsOperator()).GetUserAsync(new GetUserRequest { Phone = rider.Phone })).User;
        var charging = await BeginAsync(rider, device, "01");
        var settled = await BeginAsync(rider, device, "02");
        await new OrderService.OrderServiceClient(app.AsOperator()).ForceEndOrderAsync(new ForceEndOrderRequest { OrderNo = settled, Reason = "for the test" });
        pile.RaiseAlarm(Device.V1.AlarmCode.Door, 0, raised: true);
        await pile.WaitUntilAsync("every event was acknowledged", it => it.Unacknowledged.Count == 0);
        await Retry.Until("the rest went back", () => app.Provider.Refunds.Count == 1);
        await Retry.Until("that is written down", async () => (await app.Services.GetRequiredService<IStore>().RunAsync(tx => tx.GetAsync(Server.Orders.OrderTables.Orders, settled)))!.OwedFen == 0);
        // As if it had used something, and was in trouble.
        await app.Services.GetRequiredService<IStore>().RunAsync(async tx =>
        {
            var order = (await tx.GetAsync(Server.Orders.OrderTables.Orders, settled))!;
            tx.Put(Server.Orders.OrderTables.Orders, order with { UsedFen = 50, Trouble = "LOST" });
            // Locked, with nothing in it.
            var key = Server.Accounts.AccountTables.Key(order.UserId);
            tx.Put(Server.Accounts.AccountTables.Users, (await tx.GetAsync(Server.Accounts.AccountTables.Users, key))! with { Lock = new(tx.Now, "somebody", 0, 0) });
            Server.Payments.Refunds.Begin(tx, order.No, order.UserId, 9, 1, order.PaidFen, TimeSpan.FromHours(1));
            // So long ago that no key or token is older.
            tx.Put(Restore.Table, new Restore { At = DateTimeOffset.UnixEpoch });
            foreach (var name in new[] { "old", "unused" })
                tx.Put(Server.Orders.Tariffs.Table, new Server.Orders.Tariff { Name = name, ElectricityFen = 20, LongestSeconds = 3_600 });
            return true;
        });
        var key = await new KeyService.KeyServiceClient(app.AsOperator()).AddKeyAsync(new AddKeyRequest { Name = "old", Role = Role.Viewer });
        return new OpsSeed(rider, device, charging, settled, user.UserId, "2577522B", key.Key.KeyId) { Spare = spare };
    }

    private static async Task<string> BeginAsync(Rider rider, string device, string plug)
    {
        var orderNo = (await rider.ReserveAsync(device, plug)).Data!.Value.GetString()!;
        var answer = await rider.ChargeAsync(device, plug, orderNo, 1.01);
        return answer.Code == 200 ? orderNo : throw new InvalidOperationException(answer.Text);
    }

    private static int Next() => Interlocked.Increment(ref _numbers);
}
