using Charging.Server.Payments;
using Charging.Server.Storage;

namespace Charging.Server.Operations;

/// <summary>A change that an operator made.</summary>
public sealed record AuditEntry
{
    /// <summary>Place in the log, from the store's sequence.</summary>
    public required long Number { get; init; }

    /// <summary>When, UTC.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Who.</summary>
    public required Operator Who { get; init; }

    /// <summary>The method, without its package: `OrderService/RefundOrder`.</summary>
    public required string Method { get; init; }

    /// <summary>What was changed, such as `order:201912040000000352`.</summary>
    public required string Subject { get; init; }

    /// <summary>Why, in the operator's words; may be empty.</summary>
    public required string Reason { get; init; }

    /// <summary>What came of it, in a sentence.</summary>
    public required string Outcome { get; init; }

    /// <summary>What the caller named the request; empty for none.</summary>
    public string RequestId { get; init; } = "";

    /// <summary>The amount that the request named; 0 for none.</summary>
    public long AmountFen { get; init; }
}

/// <summary>Where the audit log is kept.</summary>
public static class AuditTables
{
    /// <summary>Entries by number.</summary>
    public static readonly Table<AuditEntry> Entries = new("audit", StoreJson.Default.AuditEntry, entry => Ledger.Place(entry.Number));

    /// <summary>Entries by what was changed, then number.</summary>
    public static readonly Index<AuditEntry> BySubject = Entries.Index("subject", entry => SubjectPrefix(entry.Subject) + Ledger.Place(entry.Number));

    /// <summary>Entries by key, then number.</summary>
    public static readonly Index<AuditEntry> ByKeyId = Entries.Index("key_id", entry => KeyPrefix(entry.Who.KeyId) + Ledger.Place(entry.Number));

    /// <summary>Entries of requests that were named, by key and name.</summary>
    public static readonly Index<AuditEntry> ByRequest = Entries.Index("request", entry => entry.RequestId.Length == 0 ? null : RequestKey(entry.Who.KeyId, entry.RequestId));

    /// <summary>What the keys of a subject's entries begin with.</summary>
    public static string SubjectPrefix(string subject) => subject + " ";

    /// <summary>What the keys of a key's entries begin with.</summary>
    public static string KeyPrefix(string keyId) => keyId + " ";

    /// <summary>The key of a request that was named.</summary>
    public static string RequestKey(string keyId, string requestId) => $"{keyId} {requestId}";
}
