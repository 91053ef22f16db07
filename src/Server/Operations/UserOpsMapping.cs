using Charging.Ops.V1;
using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Storage;
using Google.Protobuf.WellKnownTypes;

namespace Charging.Server.Operations;

/// <summary>Riders on the wire of the operators.</summary>
internal static class UserOpsMapping
{
    /// <summary>How the rider is looked up, or INVALID_ARGUMENT.</summary>
    public static Func<ITransaction, ValueTask<Accounts.User>> Read(this GetUserRequest request)
    {
        if (new[] { request.Phone.Length > 0, request.WxName.Length > 0, request.UserId != 0 }.Count(given => given) != 1)
            throw Refusal.Invalid("phone, wx_name or user_id: give exactly one of them.");
        if (request.Phone.Length > 0)
        {
            var phone = request.Phone.ToPhone();
            return tx => tx.RiderAsync(phone);
        }
        if (request.WxName.Length > 0)
        {
            if (!WxName.TryParse(request.WxName, out var name))
                throw Refusal.Invalid($"wx_name is no name of at most {WxName.MaxLength} characters.");
            return tx => tx.RiderAsync(name);
        }
        return tx => tx.RiderAsync(request.UserId);
    }

    /// <summary>What a change is about.</summary>
    public static string Subject(long userId) => $"user:{userId}";

    /// <summary>What a caller names a request, or INVALID_ARGUMENT.</summary>
    public static string ToRequestId(this string text) => text.Length == 0 || Text.IsClean(text, 64) ? text : throw Refusal.Invalid("request_id is no text of at most 64 characters.");

    /// <summary>A rider, the rider's cards, and what the rider owes.</summary>
    public static Ops.V1.User ToWire(this Accounts.User user, IEnumerable<Cards.Card> cards, long debtFen = 0) => new()
    {
        UserId = user.Id,
        Phone = user.Phone.ToString(),
        WxName = user.WxName,
        RegisteredAt = user.RegisteredAt.ToTimestamp(),
        BalanceFen = user.BalanceFen,
        PaidOrders = user.PaidOrders,
        UnpaidOrderNo = user.UnpaidOrderNo ?? "",
        Cards = { cards.Select(card => card.ToWire(user.Phone.ToString())) },
        Blocked = user.Blocked,
        LoginAt = user.LoginAt?.ToTimestamp(),
        LockedSince = user.Lock?.Since.ToTimestamp(),
        LockedFen = user.Lock?.BalanceFen ?? 0,
        DebtFen = debtFen,
        LostCharges = user.LostCharges,
    };

    /// <summary>A code that was issued.</summary>
    public static UserCode ToWire(this IssuedCode issued, Phone phone) => new()
    {
        Phone = phone.ToString(),
        Type = issued.Type == CodeType.Login ? UserCodeType.Login : UserCodeType.Register,
        Code = issued.Code,
        ExpiresAt = issued.ExpiresAt.ToTimestamp(),
    };
}
