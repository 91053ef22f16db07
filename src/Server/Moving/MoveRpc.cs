using System.Runtime.CompilerServices;
using Charging.Ops.V1;
using Charging.Server.Operations;
using Charging.Server.Storage;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Charging.Server.Moving;

/// <summary>charging.ops.v1.MoveService.</summary>
internal sealed partial class MoveRpc(StoreExport export, MoveDesk desk, ILogger<MoveRpc> logger) : MoveService.MoveServiceBase
{
    /// <inheritdoc/>
    public override Task Export(ExportRequest request, IServerStreamWriter<ExportResponse> responseStream, ServerCallContext context) => desk.AloneAsync(async () =>
    {
        await desk.CheckWholeAsync(context.CancellationToken);
        // Not in the audit log: what is exported must not change by that.
        LogExport(context.Operator().Name);
        await foreach (var (part, rows) in export.ReadAsync(request.Trial, context.CancellationToken))
            await responseStream.WriteAsync(new ExportResponse { Part = ByteString.CopyFrom(part.Span), Rows = rows }, context.CancellationToken);
        return true;
    });

    /// <inheritdoc/>
    public override Task Import(IAsyncStreamReader<ImportRequest> requestStream, IServerStreamWriter<ImportResponse> responseStream, ServerCallContext context) =>
        desk.AloneAsync(async () =>
        {
            var imported = await desk.ImportAsync(PartsAsync(requestStream, context.CancellationToken), step => responseStream.WriteAsync(step.ToWire(), context.CancellationToken), context);
            await responseStream.WriteAsync(imported.ToWire(), context.CancellationToken);
            return true;
        });

    /// <inheritdoc/>
    public override async Task<MarkMovedResponse> MarkMoved(MarkMovedRequest request, ServerCallContext context) =>
        new() { MovedAt = (await desk.AloneAsync(() => desk.MarkMovedAsync(request.Reason.ToAnyReason(), context))).ToTimestamp() };

    /// <inheritdoc/>
    public override async Task<ReopenResponse> Reopen(ReopenRequest request, ServerCallContext context)
    {
        await desk.AloneAsync(() => desk.ReopenAsync(request.Reason.ToAnyReason(), context));
        return new ReopenResponse();
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> PartsAsync(IAsyncStreamReader<ImportRequest> stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await stream.MoveNext(cancellationToken))
            yield return stream.Current.Part.Memory;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The whole store is exported by the operator key named {Operator}.")]
    private partial void LogExport(string @operator);
}
