using Charging.Server.Calls;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>A change that is asked for.</summary>
/// <param name="Subject">What is changed: its kind, a colon and what it is known by.</param>
/// <param name="Reason">Why; may be empty where the method does not ask for it.</param>
/// <param name="RequestId">What the caller names the request, so that it takes effect once; empty for none.</param>
/// <param name="AmountFen">The amount that it names; 0 for none.</param>
/// <param name="Count">How many things are changed.</param>
internal sealed record Deed(string Subject, string Reason, string RequestId = "", long AmountFen = 0, int Count = 1);

/// <summary>A change that was made.</summary>
/// <param name="Value">What the method goes on with.</param>
/// <param name="Outcome">What came of it, in a sentence.</param>
/// <param name="Subject">What was changed, where that was not known before.</param>
internal sealed record Made<T>(T Value, string Outcome, string? Subject = null);

/// <summary>
/// The way in which operators change something: the change and its entry in the audit log are one operation.
/// <see cref="OperatorInterceptor"/> refuses to answer a method that changes things in another way.
/// </summary>
internal sealed class Changes(IStore store, OperationsOptions options, RateLimits limits)
{
    private readonly RateLimit<string> _made = limits.Create<string>("operator-changes", options.MaxChangesPerHour, TimeSpan.FromHours(1));

    /// <summary>Makes a change. What it throws is refused, and then nothing is changed and nothing is in the log.</summary>
    /// <param name="context">The call.</param>
    /// <param name="deed">What is asked for.</param>
    /// <param name="make">Makes it, inside the operation.</param>
    /// <param name="repeat">What is answered when the request was made before, by its name.</param>
    public async Task<T> MakeAsync<T>(
        ServerCallContext context, Deed deed, Func<ITransaction, ValueTask<Made<T>>> make, Func<ITransaction, ValueTask<T>>? repeat = null)
    {
        var (who, method) = (context.Operator(), Short(context.Method));
        if (!_made.TryTake(who.KeyId, $"key {who.KeyId}", deed.Count))
        {
            throw Refusal.Of(
                StatusCode.ResourceExhausted,
                $"The key '{who.Name}' may make {options.MaxChangesPerHour} changes in an hour (Charging:Operations:MaxChangesPerHour), and this would be more: go on in an hour, or use another key.",
                Reasons.TooManyChanges);
        }
        var number = 0L;
        var value = await store.RunAsync(async tx =>
        {
            if (deed.RequestId.Length > 0 && repeat is not null && await WasMadeAsync(tx, who, method, deed))
                return await repeat(tx);
            var made = await make(tx);
            number = await tx.NextNumberAsync(NumberSequence.Audit);
            tx.Put(AuditTables.Entries, new AuditEntry
            {
                Number = number,
                At = tx.Now,
                Who = who,
                Method = method,
                Subject = made.Subject ?? deed.Subject,
                Reason = deed.Reason,
                Outcome = made.Outcome,
                RequestId = deed.RequestId,
                AmountFen = deed.AmountFen,
            });
            return made.Value;
        });
        context.GetHttpContext().Items[typeof(AuditEntry)] = number;
        return value;
    }

    /// <summary>Writes down what came of what was begun, once it is known.</summary>
    public Task ConcludeAsync(ServerCallContext context, string outcome)
    {
        var number = (long)context.GetHttpContext().Items[typeof(AuditEntry)]!;
        return store.RunAsync(async tx =>
        {
            if (await tx.GetAsync(AuditTables.Entries, Ledger.Place(number)) is { } entry)
                tx.Put(AuditTables.Entries, entry with { Outcome = outcome });
            return true;
        });
    }

    /// <summary>Whether a call has written into the audit log.</summary>
    public static bool WasWritten(ServerCallContext context) => context.GetHttpContext().Items.ContainsKey(typeof(AuditEntry));

    private static async ValueTask<bool> WasMadeAsync(ITransaction tx, Operator who, string method, Deed deed)
    {
        var key = AuditTables.RequestKey(who.KeyId, deed.RequestId);
        if (await tx.ListAsync(AuditTables.ByRequest, KeyRange.Exactly(key), 1) is not [var before])
            return false;
        return before.Method == method && before.Subject == deed.Subject && before.AmountFen == deed.AmountFen
            ? true
            : throw Refusal.Of(StatusCode.AlreadyExists, $"request_id '{deed.RequestId}' was {before.Method} of {before.Subject} with {before.AmountFen} fen: give each request a name of its own.", Reasons.RequestIdUsed);
    }

    private static string Short(string method) => method[(method.LastIndexOf('.') + 1)..];
}
