using System.Text.Json.Nodes;
using Charging.Server.Storage;

namespace Charging.Server.Accounts;

/// <summary>
/// Whose an account is. Carriers give numbers out again, so a code by SMS shows who has the phone number now; who has the
/// account is shown by the openid of WeChat, which is known since the account paid in the mini-program.
/// </summary>
public static class Ownership
{
    /// <summary>The step of the schema since which logins are kept: an older account counts from then.</summary>
    internal static JsonObject KeepLogins(JsonObject user)
    {
        user["loginAt"] ??= DateTimeOffset.UtcNow.ToString("O");
        return user;
    }

    /// <summary>
    /// A rider signs in. After so long without a login, balance and cards of an account whose openid is known are locked until
    /// that openid is seen again, or an operator confirms the rider. Once somebody else pays for a locked account, what comes
    /// from then on is theirs and is not locked for the one before.
    /// </summary>
    public static User SignIn(User user, DateTimeOffset now, TimeSpan dormantAfter)
    {
        var isDormant = user.LoginAt is { } last && now - last >= dormantAfter && (user.BalanceFen > 0 || user.CardBindings > 0 || user.Debts is not null);
        var isPaidByAnother = user.Lock is { } locked && user.OpenId != locked.OpenId;
        return user with
        {
            LoginAt = now,
            Lock = isDormant && !isPaidByAnother && user.OpenId is { } owner ? new OwnershipLock(now, owner, user.BalanceFen, user.CardBindings) : user.Lock,
        };
    }

    /// <summary>
    /// WeChat has said who has signed in: the locked account's owner unlocks it, and somebody else than before ends the sign-ins
    /// that are older than this one.
    /// </summary>
    /// <param name="tx">The operation.</param>
    /// <param name="user">The account.</param>
    /// <param name="openId">Who it is in WeChat.</param>
    /// <param name="tokenHash">The sign-in.</param>
    public static async ValueTask<User> IdentifyAsync(ITransaction tx, User user, string openId, string tokenHash)
    {
        if (user.OpenId is { } before && before != openId)
            await Tokens.RevokeOlderAsync(tx, user.Id, tokenHash);
        return user with { OpenId = openId, Lock = user.Lock?.OpenId == openId ? null : user.Lock };
    }
}
