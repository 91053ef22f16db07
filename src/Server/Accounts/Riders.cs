using Charging.Server.Calls;
using Charging.Server.Storage;
using Charging.Server.Telemetry;

namespace Charging.Server.Accounts;

/// <summary>A phone with the code that its owner entered.</summary>
public sealed record Credentials(Phone Phone, string Code);

/// <summary>Makes accounts and signs riders in (contract sections 2 and 3).</summary>
public sealed class Riders(IStore store)
{
    /// <summary>Makes an account. The code is spent only by success.</summary>
    /// <returns>`Bearer …`, or 2007, 2009, 2008 in this order.</returns>
    public Task<Result<string>> RegisterAsync(Credentials credentials, string wxName) =>
        CountedAsync("register", store.RunAsync(tx => RegisterAsync(tx, credentials, wxName)));

    /// <summary>Signs a rider in. A rider whom an operator has blocked is refused with 403, once the code was right.</summary>
    /// <returns>`Bearer …`, or 2014, 2009 in this order.</returns>
    public Task<Result<string>> LoginAsync(Credentials credentials) => CountedAsync("login", store.RunAsync(tx => LoginAsync(tx, credentials)));

    /// <summary>The rider of a phone inside an operation; null when there is none.</summary>
    public static async ValueTask<User?> FindAsync(ITransaction tx, Phone phone) =>
        (await tx.ListAsync(AccountTables.UsersByPhone, KeyRange.Exactly(phone.ToString()), 1)).FirstOrDefault();

    /// <summary>The rider whose name looks like this one, inside an operation; null when there is none.</summary>
    public static async ValueTask<User?> FindAsync(ITransaction tx, string wxName) =>
        (await tx.ListAsync(AccountTables.UsersByWxName, KeyRange.Exactly(WxName.KeyOf(wxName)), 1)).FirstOrDefault();

    private static async Task<Result<string>> CountedAsync(string kind, Task<Result<string>> running)
    {
        var result = await running;
        ServerMeter.Logins.Add(1, new("kind", kind), new("code", result.Code.Code));
        return result;
    }

    private static async ValueTask<Result<string>> RegisterAsync(ITransaction tx, Credentials credentials, string wxName)
    {
        var (phone, code) = credentials;
        var request = new CodeRequest(phone, CodeType.Register);
        if (await FindAsync(tx, phone) is not null)
            return ResultCode.PhoneTaken;
        if (!await Codes.IsRightAsync(tx, request, code))
            return ResultCode.WrongCode;
        if (await FindAsync(tx, wxName) is not null)
            return ResultCode.WxNameTaken;
        await Codes.SpendAsync(tx, request);
        var id = await tx.NextNumberAsync(NumberSequence.Users);
        tx.Put(AccountTables.Users, new User { Id = id, Phone = phone, WxName = wxName, RegisteredAt = tx.Now });
        return Tokens.Issue(tx, id);
    }

    private static async ValueTask<Result<string>> LoginAsync(ITransaction tx, Credentials credentials)
    {
        var (phone, code) = credentials;
        var request = new CodeRequest(phone, CodeType.Login);
        if (await FindAsync(tx, phone) is not { } user)
            return ResultCode.NotRegistered;
        if (!await Codes.IsRightAsync(tx, request, code))
            return ResultCode.WrongCode;
        await Codes.SpendAsync(tx, request);
        return user.Blocked ? ResultCode.InvalidArgument : Tokens.Issue(tx, user.Id);
    }
}
