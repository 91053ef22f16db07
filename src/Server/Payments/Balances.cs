using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Payments;

/// <summary>What riders may spend (getBalance, beyond the document).</summary>
public sealed class Balances(IStore store)
{
    /// <summary>The caller's account.</summary>
    public Task<Result<User>> FindAsync(Caller caller) => store.RunAsync<Result<User>>(async tx =>
        await tx.GetAsync(AccountTables.Users, AccountTables.Key(caller.UserId)) is { } user ? user : ResultCode.Unauthenticated);
}
