using Charging.Ops.V1;
using Charging.Server.Accounts;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>charging.ops.v1.UserService.</summary>
internal sealed class UserOpsRpc(IStore store, Changes changes, Limits limits, IHostEnvironment environment) : UserService.UserServiceBase
{
    // Far above what anybody has, and far below what a sum could overflow at.
    private const long MaxFen = 100_000_000_000;

    /// <inheritdoc/>
    public override async Task<GetUserResponse> GetUser(GetUserRequest request, ServerCallContext context)
    {
        var find = request.Read();
        return new GetUserResponse { User = await store.RunAsync(async tx => await ToWireAsync(tx, await find(tx))) };
    }

    /// <inheritdoc/>
    public override async Task<ListUsersResponse> ListUsers(ListUsersRequest request, ServerCallContext context)
    {
        var index = request.Blocked ? AccountTables.BlockedUsers : AccountTables.Users.ByKey;
        var page = await store.PageAsync(index, Paging.Read(request.PageSize, request.PageToken));
        return new ListUsersResponse { Users = { page.Items.Select(user => user.ToWire([])) }, NextPageToken = page.NextToken };
    }

    /// <inheritdoc/>
    public override async Task<BlockUserResponse> BlockUser(BlockUserRequest request, ServerCallContext context) =>
        new() { User = await BlockAsync(context, request.UserId, request.Reason.ToReason(), blocked: true) };

    /// <inheritdoc/>
    public override async Task<UnblockUserResponse> UnblockUser(UnblockUserRequest request, ServerCallContext context) =>
        new() { User = await BlockAsync(context, request.UserId, request.Reason.ToAnyReason(), blocked: false) };

    /// <inheritdoc/>
    public override async Task<SignOutUserResponse> SignOutUser(SignOutUserRequest request, ServerCallContext context)
    {
        var deed = new Deed(UserOpsMapping.Subject(request.UserId), request.Reason.ToAnyReason());
        return await changes.MakeAsync(context, deed, async tx =>
        {
            var user = await tx.RiderAsync(request.UserId);
            var ended = await Tokens.RevokeAllAsync(tx, user.Id);
            return new Made<SignOutUserResponse>(new SignOutUserResponse { User = await ToWireAsync(tx, user), Ended = ended }, $"{ended} sign-ins ended.");
        });
    }

    /// <inheritdoc/>
    public override async Task<ConfirmUserResponse> ConfirmUser(ConfirmUserRequest request, ServerCallContext context) => new()
    {
        User = await changes.MakeAsync(context, new Deed(UserOpsMapping.Subject(request.UserId), request.Reason.ToReason()), async tx =>
        {
            var user = await tx.RiderAsync(request.UserId);
            if (user.Lock is not { } locked)
                throw Refusal.Conflict($"Nothing of the account of rider {user.Id} is locked.");
            user = user with { Lock = null };
            tx.Put(AccountTables.Users, user);
            return new Made<Ops.V1.User>(await ToWireAsync(tx, user), $"{Yuan.Of(locked.BalanceFen)} yuan and the cards are not locked any more.");
        }),
    };

    /// <inheritdoc/>
    public override async Task<MoveUserResponse> MoveUser(MoveUserRequest request, ServerCallContext context)
    {
        var phone = request.Phone.ToPhone();
        var user = await changes.MakeAsync(
            context, new Deed(UserOpsMapping.Subject(request.UserId), request.Reason.ToReason()), tx => MoveAsync(tx, request.UserId, phone));
        return new MoveUserResponse { User = user };
    }

    /// <inheritdoc/>
    public override async Task<IssueUserCodeResponse> IssueUserCode(IssueUserCodeRequest request, ServerCallContext context)
    {
        var phone = request.Phone.ToPhone();
        var reason = environment.IsDevelopment() ? request.Reason.ToAnyReason() : request.Reason.ToReason();
        return await changes.MakeAsync(context, new Deed($"phone:{phone}", reason), async tx =>
        {
            var user = await Riders.FindAsync(tx, phone);
            var issued = await Codes.IssueAsync(tx, phone);
            return new Made<IssueUserCodeResponse>(
                new IssueUserCodeResponse { Code = issued.ToWire(phone) },
                issued.Type == CodeType.Login ? "A code to log in was issued." : "A code to register was issued.",
                user is null ? null : UserOpsMapping.Subject(user.Id));
        });
    }

    /// <inheritdoc/>
    public override async Task<AdjustUserBalanceResponse> AdjustUserBalance(AdjustUserBalanceRequest request, ServerCallContext context)
    {
        var fen = request.AmountFen is not 0 and > -MaxFen and < MaxFen
            ? request.AmountFen
            : throw Refusal.Invalid($"amount_fen is {request.AmountFen}: give fen, above 0 onto the balance and below 0 from it.");
        var deed = new Deed(UserOpsMapping.Subject(request.UserId), request.Reason.ToReason(), request.RequestId.ToRequestId(), fen);
        var user = await changes.MakeAsync(
            context, deed, tx => AdjustAsync(tx, context.Operator(), request.UserId, fen), async tx => await ToWireAsync(tx, await tx.RiderAsync(request.UserId)));
        return new AdjustUserBalanceResponse { User = user };
    }

    private async ValueTask<Made<Ops.V1.User>> AdjustAsync(ITransaction tx, Operator who, long userId, long fen)
    {
        var user = await tx.RiderAsync(userId);
        if (user.BalanceFen + fen < 0)
            throw Refusal.Of(StatusCode.FailedPrecondition, $"The balance is {Yuan.Of(user.BalanceFen)} yuan and would fall below 0: take less.", Reasons.NotEnoughMoney);
        await limits.AdjustAsync(tx, who, Math.Abs(fen));
        user = await Ledger.AdjustAsync(tx, user, fen);
        tx.Put(AccountTables.Users, user);
        return new Made<Ops.V1.User>(await ToWireAsync(tx, user), $"{(fen > 0 ? "+" : "")}{Yuan.Of(fen)} yuan, the balance is {Yuan.Of(user.BalanceFen)} yuan.");
    }

    private static async ValueTask<Made<Ops.V1.User>> MoveAsync(ITransaction tx, long userId, Phone phone)
    {
        var before = await tx.RiderAsync(userId);
        if (await Riders.FindAsync(tx, phone) is { } other)
            throw Refusal.Conflict($"Rider {other.Id} has registered with {phone}: give a phone that is not registered.");
        var ended = await Tokens.RevokeAllAsync(tx, before.Id);
        // Whoever has the phone is the owner, with whatever WeChat account.
        var user = before with { Phone = phone, OpenId = null, Lock = null, LoginAt = tx.Now };
        tx.Put(AccountTables.Users, user);
        var since = before.Lock is null ? "" : $" {Yuan.Of(before.SpendableFen)} of {Yuan.Of(before.BalanceFen)} yuan came after it was locked.";
        return new Made<Ops.V1.User>(await ToWireAsync(tx, user), $"Moved from {before.Phone.Masked} to {phone.Masked}, {ended} sign-ins ended.{since}");
    }

    private Task<Ops.V1.User> BlockAsync(ServerCallContext context, long userId, string reason, bool blocked) =>
        changes.MakeAsync(context, new Deed(UserOpsMapping.Subject(userId), reason), async tx =>
        {
            var before = await tx.RiderAsync(userId);
            var user = before with { Blocked = blocked };
            tx.Put(AccountTables.Users, user);
            var word = blocked ? "blocked" : "not blocked";
            return new Made<Ops.V1.User>(await ToWireAsync(tx, user), before.Blocked == blocked ? $"Was {word} already." : $"Is {word}.");
        });

    private static async ValueTask<Ops.V1.User> ToWireAsync(ITransaction tx, Accounts.User user) => user.ToWire(await tx.CardsOfAsync(user), await LateRecords.OwedAsync(tx, user));
}
