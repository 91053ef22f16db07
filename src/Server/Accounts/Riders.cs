using System.Net;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Accounts;

/// <summary>A phone with the code that its owner entered.</summary>
public sealed record Credentials(Phone Phone, string Code);

/// <summary>Makes accounts and signs riders in (contract sections 2 and 3).</summary>
public sealed class Riders(IStore store, AttemptLimits attempts, AccountOptions options)
{
    /// <summary>Makes an account. The code is spent only by success.</summary>
    /// <returns>`Bearer …`, or 2007, 2009, 2008 in this order; 5000 where a limit is met.</returns>
    public Task<Result<string>> RegisterAsync(Credentials credentials, string wxName, IPAddress? address, CancellationToken cancellationToken) => attempts.TryAsync(
        new Attempt("register", credentials.Phone, address), ResultCode.Busy, () => store.RunAsync(tx => RegisterAsync(tx, credentials, wxName)), cancellationToken);

    /// <summary>Signs a rider in. A rider whom an operator has blocked is refused with 403, once the code was right.</summary>
    /// <returns>`Bearer …`, or 2014, 2009 in this order; 5000 where a limit is met.</returns>
    public Task<Result<string>> LoginAsync(Credentials credentials, IPAddress? address, CancellationToken cancellationToken) => attempts.TryAsync(
        new Attempt("login", credentials.Phone, address), ResultCode.Busy, () => store.RunAsync(tx => LoginAsync(tx, credentials)), cancellationToken);

    /// <summary>The rider of a phone inside an operation; null when there is none.</summary>
    public static async ValueTask<User?> FindAsync(ITransaction tx, Phone phone) =>
        (await tx.ListAsync(AccountTables.UsersByPhone, KeyRange.Exactly(phone.ToString()), 1)).FirstOrDefault();

    /// <summary>The rider whose name looks like this one, inside an operation; null when there is none.</summary>
    public static async ValueTask<User?> FindAsync(ITransaction tx, string wxName) =>
        (await tx.ListAsync(AccountTables.UsersByWxName, KeyRange.Exactly(WxName.KeyOf(wxName)), 1)).FirstOrDefault();

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
        tx.Put(AccountTables.Users, new User { Id = id, Phone = phone, WxName = wxName, RegisteredAt = tx.Now, LoginAt = tx.Now });
        return Tokens.Issue(tx, id);
    }

    private async ValueTask<Result<string>> LoginAsync(ITransaction tx, Credentials credentials)
    {
        var (phone, code) = credentials;
        var request = new CodeRequest(phone, CodeType.Login);
        if (await FindAsync(tx, phone) is not { } user)
            return ResultCode.NotRegistered;
        if (!await Codes.IsRightAsync(tx, request, code))
            return ResultCode.WrongCode;
        await Codes.SpendAsync(tx, request);
        if (user.Blocked)
            return ResultCode.InvalidArgument;
        tx.Put(AccountTables.Users, Ownership.SignIn(user, tx.Now, options.DormantAfter));
        return Tokens.Issue(tx, user.Id);
    }
}
