using Charging.Ops.V1;
using Charging.Server.Storage;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>Shows an admin what a restore brings back, and accepts it.</summary>
internal sealed class RestoreActions(IStore store, RestoreCheck check, Changes changes)
{
    private const string Subject = "store:restore";
    private const int MaxKeys = 200;

    /// <summary>What an admin has to look at.</summary>
    public Task<PendingRestore> ReadAsync() => store.RunAsync(async tx =>
    {
        var restore = await PendingAsync(tx);
        var keys = await tx.ListAsync(OperatorKeys.Table.ByKey, KeyRange.Prefix(""), MaxKeys);
        return new PendingRestore
        {
            RestoredAt = restore.At.ToTimestamp(),
            Compared = restore.IsCompared,
            Keys = { keys.Where(key => key.Id != OperatorKeyFile.Id && key.RevokedAt is null && restore.Holds(key.CreatedAt)).Select(KeyOpsRpc.ToWire) },
            RevokedKeyIds = { restore.RevokedKeys },
            BlockedUserIds = { restore.BlockedRiders },
            ChangedDeviceNos = { check.ChangedPiles.Select(device => device.ToString()) },
            RefusedDeviceNos = { check.RefusedPiles.Select(device => device.ToString()) },
        };
    });

    /// <summary>From now on, what comes from the backup is valid.</summary>
    /// <param name="context">The call.</param>
    /// <param name="reason">Why.</param>
    /// <param name="endSignIns">Whether the riders' tokens of the backup stay refused.</param>
    public Task<Timestamp> AcceptAsync(ServerCallContext context, string reason, bool endSignIns) =>
        changes.MakeAsync(context, new Deed(Subject, reason), async tx =>
        {
            var restore = await PendingAsync(tx);
            tx.Put(Restore.Table, restore with { AcceptedAt = tx.Now, EndsSignIns = endSignIns });
            return new Made<Timestamp>(tx.Now.ToTimestamp(), endSignIns ? "Accepted, riders have to sign in again." : "Accepted.");
        });

    private static async ValueTask<Restore> PendingAsync(ITransaction tx) =>
        await tx.GetAsync(Restore.Table, Restore.Key) is { AcceptedAt: null } restore
            ? restore
            : throw Refusal.NotFound("There is no restore to accept: the store was not restored from a backup, or that was accepted.");
}
