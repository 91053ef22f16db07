using System.Reflection;
using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.Server.Calls;
using Charging.Server.Piles;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>charging.ops.v1.SystemService.</summary>
internal sealed class SystemRpc(
    Diagnostics diagnostics,
    PileRegistry registry,
    Board board,
    Listeners listeners,
    Backups backups,
    DarkOrders dark,
    MqttExport mqtt,
    RestoreActions restore,
    TimeProvider clock,
    ExternalBrokerPlace? broker = null) : SystemService.SystemServiceBase
{
    private const int MostLines = 500;
    private const int MostMissing = 200;

    private static readonly string Version =
        typeof(SystemRpc).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <inheritdoc/>
    public override async Task<DiagnoseResponse> Diagnose(DiagnoseRequest request, ServerCallContext context) =>
        new() { Diagnosis = ToWire(await diagnostics.FiguresAsync(context.CancellationToken)) };

    /// <inheritdoc/>
    public override Task Backup(BackupRequest request, IServerStreamWriter<BackupResponse> responseStream, ServerCallContext context) =>
        backups.SendAsync(responseStream, context.CancellationToken);

    /// <inheritdoc/>
    public override async Task<GetPendingRestoreResponse> GetPendingRestore(GetPendingRestoreRequest request, ServerCallContext context) =>
        new() { Restore = await restore.ReadAsync() };

    /// <inheritdoc/>
    public override async Task<AcceptRestoreResponse> AcceptRestore(AcceptRestoreRequest request, ServerCallContext context) =>
        new() { AcceptedAt = await restore.AcceptAsync(context, request.Reason.ToAnyReason(), request.EndSignIns) };

    /// <inheritdoc/>
    public override async Task ExportMqtt(ExportMqttRequest request, IServerStreamWriter<ExportMqttResponse> responseStream, ServerCallContext context)
    {
        var lines = mqtt.Passwords.ToList();
        await responseStream.WriteAsync(new ExportMqttResponse { Rules = Rules(lines.Count) }, context.CancellationToken);
        foreach (var portion in lines.Chunk(MostLines))
            await responseStream.WriteAsync(new ExportMqttResponse { Passwords = new MqttPasswords { Lines = { portion } } }, context.CancellationToken);
    }

    private MqttRules Rules(int passwords) => new()
    {
        Acl = MosquittoFiles.Acl(mqtt.NodeName),
        Configuration = MosquittoFiles.Configuration,
        NodeName = mqtt.NodeName ?? "",
        PasswordCount = passwords,
        MissingDeviceNos = { mqtt.WithoutHash.Take(MostMissing).Select(device => device.ToString()) },
    };

    private Diagnosis ToWire(StoreFigures? figures) => new()
    {
        ServerTime = clock.GetUtcNow().ToTimestamp(),
        Version = Version,
        StoreOk = figures is not null,
        PilesRegistered = registry.All.Count(),
        PilesOnline = board.All.Count(board.IsOnline),
        DueWaiting = figures?.DueWaiting ?? 0,
        Quarantined = figures?.Quarantined ?? 0,
        OrdersInTrouble = figures?.InTrouble ?? 0,
        RefundsOwed = figures?.RefundsOwed ?? 0,
        OrdersAtOfflinePiles = dark.Numbers().Count,
        PaymentProvider = diagnostics.PaymentProvider,
        SmsProvider = diagnostics.SmsProvider,
        Listeners = { listeners.Names.Select(Listener) },
        MqttBroker = broker?.Url.ToString().TrimEnd('/') ?? "",
        Warnings = { diagnostics.Warnings(figures) },
    };

    private Listener Listener(string name) => new()
    {
        Name = name,
        Port = listeners.Port(name),
        Tls = listeners.IsTls(name),
        Loopback = listeners.IsLoopback(name),
    };
}
