using Charging.Ops.V1;
using Charging.Server.Storage;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>charging.ops.v1.AuditService.</summary>
internal sealed class AuditOpsRpc(IStore store) : AuditService.AuditServiceBase
{
    private const int LongestFilter = 100;

    /// <inheritdoc/>
    public override async Task<ListAuditResponse> ListAudit(ListAuditRequest request, ServerCallContext context)
    {
        var cursor = Paging.Read(request.PageSize, request.PageToken);
        var (keyId, subject, method) = (request.KeyId.ToText("key_id", LongestFilter), request.Subject.ToText("subject", LongestFilter), request.Method.ToText("method", LongestFilter));
        var (from, to) = (request.From.ToTime("from"), request.To.ToTime("to"));
        Func<AuditEntry, bool> fits = entry =>
            (keyId.Length == 0 || entry.Who.KeyId == keyId)
            && (subject.Length == 0 || entry.Subject == subject)
            && (method.Length == 0 || entry.Method == method)
            && (from is null || entry.At >= from)
            && (to is null || entry.At < to);
        var page = (subject, keyId) switch
        {
            ({ Length: > 0 }, _) => await store.PageAsync(AuditTables.BySubject, cursor, KeyRange.Prefix(AuditTables.SubjectPrefix(subject), descending: true), fits),
            (_, { Length: > 0 }) => await store.PageAsync(AuditTables.ByKeyId, cursor, KeyRange.Prefix(AuditTables.KeyPrefix(keyId), descending: true), fits),
            _ => await store.PageAsync(AuditTables.Entries.ByKey, cursor, KeyRange.Prefix("", descending: true), fits),
        };
        return new ListAuditResponse { Entries = { page.Items.Select(ToWire) }, NextPageToken = page.NextToken };
    }

    private static Ops.V1.AuditEntry ToWire(AuditEntry entry) => new()
    {
        Number = entry.Number,
        At = entry.At.ToTimestamp(),
        KeyId = entry.Who.KeyId,
        KeyName = entry.Who.Name,
        Role = (Role)entry.Who.Role,
        Method = entry.Method,
        Subject = entry.Subject,
        Reason = entry.Reason,
        Outcome = entry.Outcome,
    };
}
