using Charging.Ops.V1;
using Charging.Server.Calls;
using Charging.Server.Storage;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>charging.ops.v1.KeyService.</summary>
internal sealed class KeyOpsRpc(IStore store, Changes changes) : KeyService.KeyServiceBase
{
    private const int MaxName = 64;

    /// <inheritdoc/>
    public override async Task<AddKeyResponse> AddKey(AddKeyRequest request, ServerCallContext context)
    {
        var name = request.Name.ToName("name", MaxName);
        var role = request.Role is Role.Viewer or Role.Operator or Role.Finance or Role.Admin
            ? (OperatorRole)request.Role
            : throw Refusal.Invalid($"role is {(int)request.Role}: give ROLE_VIEWER, ROLE_OPERATOR, ROLE_FINANCE or ROLE_ADMIN.");
        var secret = OperatorKey.NewText();
        var key = await changes.MakeAsync(context, new Deed("", request.Reason.ToAnyReason()), async tx =>
        {
            var key = new OperatorKey
            {
                Id = $"k{await tx.NextNumberAsync(NumberSequence.OperatorKeys)}",
                Name = name,
                Role = role,
                Hash = OperatorKey.HashOf(secret),
                CreatedAt = tx.Now,
            };
            tx.Put(OperatorKeys.Table, key);
            return new Made<OperatorKey>(key, $"Made for {name} with the role {role.ToString().ToLowerInvariant()}.", Subject(key.Id));
        });
        return new AddKeyResponse { Key = ToWire(key), Secret = secret };
    }

    /// <inheritdoc/>
    public override async Task<ListKeysResponse> ListKeys(ListKeysRequest request, ServerCallContext context)
    {
        var page = await store.PageAsync(OperatorKeys.Table.ByKey, Paging.Read(request.PageSize, request.PageToken));
        return new ListKeysResponse { Keys = { page.Items.Select(ToWire) }, NextPageToken = page.NextToken };
    }

    /// <inheritdoc/>
    public override async Task<RevokeKeyResponse> RevokeKey(RevokeKeyRequest request, ServerCallContext context)
    {
        if (!Text.IsClean(request.KeyId, MaxName))
            throw Refusal.Invalid("key_id is no id of a key: 'keys list' shows them.");
        var key = await changes.MakeAsync(context, new Deed(Subject(request.KeyId), request.Reason.ToAnyReason()), async tx =>
        {
            var key = (await tx.GetAsync(OperatorKeys.Table, request.KeyId)).OrNotFound($"There is no key {request.KeyId}: 'keys list' shows them.");
            if (key.Id == OperatorKeyFile.Id)
                throw Refusal.Conflict($"The key of {OperatorKeyFile.Name} is not revoked so: delete the file in the data directory and start the server again.");
            if (key.RevokedAt is not null)
                return new Made<OperatorKey>(key, "Was revoked already.");
            key = key with { RevokedAt = tx.Now };
            tx.Put(OperatorKeys.Table, key);
            return new Made<OperatorKey>(key, $"Revoked: {key.Name}.");
        });
        return new RevokeKeyResponse { Key = ToWire(key) };
    }

    /// <inheritdoc/>
    public override async Task<WhoAmIResponse> WhoAmI(WhoAmIRequest request, ServerCallContext context) =>
        new() { Key = ToWire((await store.RunAsync(tx => tx.GetAsync(OperatorKeys.Table, context.Operator().KeyId))).OrNotFound("The key is gone.")) };

    private static string Subject(string id) => $"key:{id}";

    /// <summary>A key as operators see it.</summary>
    internal static Key ToWire(OperatorKey key) => new()
    {
        KeyId = key.Id,
        Name = key.Name,
        Role = (Role)key.Role,
        CreatedAt = key.CreatedAt.ToTimestamp(),
        RevokedAt = key.RevokedAt?.ToTimestamp(),
    };
}
