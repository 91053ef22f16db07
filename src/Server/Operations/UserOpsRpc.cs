using Charging.Ops.V1;
using Charging.Server.Storage;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>charging.ops.v1.UserService.</summary>
public sealed class UserOpsRpc(IStore store) : UserService.UserServiceBase
{
    /// <inheritdoc/>
    public override async Task<GetUserResponse> GetUser(GetUserRequest request, ServerCallContext context) =>
        new() { User = ToWire(await store.FindRiderAsync(request.Phone.ToPhone()) ?? throw Unregistered(request.Phone)) };

    /// <summary>Nobody has registered with a phone.</summary>
    internal static RpcException Unregistered(string phone) => Refusal.NotFound($"Nobody has registered with {phone}: check the number.");

    private static User ToWire((Accounts.User User, IReadOnlyList<Cards.Card> Cards) rider) => new()
    {
        UserId = rider.User.Id,
        Phone = rider.User.Phone.ToString(),
        WxName = rider.User.WxName,
        RegisteredAt = rider.User.RegisteredAt.ToTimestamp(),
        BalanceFen = rider.User.BalanceFen,
        PaidOrders = rider.User.PaidOrders,
        UnpaidOrderNo = rider.User.UnpaidOrderNo ?? "",
        Cards = { rider.Cards.Select(card => card.ToWire(rider.User.Phone.ToString())) },
        Blocked = rider.User.Blocked,
    };
}
