using System.Net;
using System.Security.Cryptography;
using System.Text;
using Charging.Server.Calls;
using Charging.Server.Storage;
using Charging.Server.Telemetry;

namespace Charging.Server.Accounts;

/// <summary>Who asks for a code, and for what.</summary>
public sealed record CodeRequest(Phone Phone, CodeType Type);

/// <summary>A code that an operator has issued.</summary>
/// <param name="Type">What it is good for: a phone that is registered logs in, a new one registers.</param>
/// <param name="Code">The code.</param>
/// <param name="ExpiresAt">From when on it is worth nothing, UTC.</param>
public sealed record IssuedCode(CodeType Type, string Code, DateTimeOffset ExpiresAt);

/// <summary>Validation codes by SMS (contract section 1): six digits, short-lived, single use, bound to a phone and a type.</summary>
public sealed class Codes(
    IStore store, ISmsSender sms, AttemptLimits attempts, RateLimits limits, ServerOptions server, CodesOptions options, ILogger<Codes> logger)
{
    private const string KeyName = "codes";
    private static readonly TimeSpan Shanghai = TimeSpan.FromHours(8);

    // Long enough to be read out to a rider.
    private static readonly TimeSpan IssuedLifetime = TimeSpan.FromMinutes(10);

    private readonly AddressLimit _addresses = new(limits, server, "sms-address", options.MaxSmsPerAddress);
    private readonly LimitLog _registered = limits.CreateLog("sms-registered", options.MaxSmsPerMinute, SmsWindow.Length);
    private readonly LimitLog _new = limits.CreateLog("sms-new", options.MaxSmsPerMinute, SmsWindow.Length);

    /// <summary>Sends a code, unless the last one was sent lately or a limit is reached.</summary>
    /// <param name="request">The phone and the type.</param>
    /// <param name="address">Where the call comes from.</param>
    /// <param name="cancellationToken">Ends the wait before anything is sent.</param>
    /// <exception cref="ProviderUnavailableException">
    /// The provider did not answer. The SMS may still arrive, and then its code must work, so the code is kept; the rider is
    /// told that the server is busy, because nobody can promise them an SMS.
    /// </exception>
    public Task<Result<Done>> SendAsync(CodeRequest request, IPAddress? address, CancellationToken cancellationToken) => attempts.TryAsync(
        new Attempt("code", request.Phone, address), ResultCode.TooFrequent, () => SendAsync(request, address), cancellationToken);

    /// <summary>Whether a code is right. A wrong one is counted against those that live.</summary>
    internal static async ValueTask<bool> IsRightAsync(ITransaction tx, CodeRequest request, string code)
    {
        if (await tx.GetAsync(AccountTables.Codes, request.Phone.ToString()) is not { } codes)
            return false;
        if (codes.Accepts(request.Type, await MacAsync(tx, request, code), tx.Now))
            return true;
        if (codes.Tried(request.Type, tx.Now) is { } tried)
            tx.Put(AccountTables.Codes, tried);
        return false;
    }

    /// <summary>Ends a code that has done its work.</summary>
    internal static async ValueTask SpendAsync(ITransaction tx, CodeRequest request)
    {
        if (await tx.GetAsync(AccountTables.Codes, request.Phone.ToString()) is { } codes)
            tx.Put(AccountTables.Codes, codes.Spent(request.Type));
    }

    /// <summary>Makes a code that no SMS carries, for an operator to give to the owner of a phone. No limit stands in its way.</summary>
    internal static async ValueTask<IssuedCode> IssueAsync(ITransaction tx, Phone phone)
    {
        var issued = new IssuedCode(await Riders.FindAsync(tx, phone) is null ? CodeType.Register : CodeType.Login, NewCode(), tx.Now + IssuedLifetime);
        var mac = await MacAsync(tx, new CodeRequest(phone, issued.Type), issued.Code);
        var codes = await tx.GetAsync(AccountTables.Codes, phone.ToString()) ?? new PhoneCodes { Phone = phone };
        tx.Put(AccountTables.Codes, codes.IssuedBy(new SentCode(mac, issued.ExpiresAt, 0), DayOf(tx.Now)));
        return issued;
    }

    /// <summary>The day in Asia/Shanghai, which has had no summer time since 1991.</summary>
    internal static string DayOf(DateTimeOffset time) => time.ToOffset(Shanghai).ToString("yyyyMMdd", null);

    private async Task<Result<Done>> SendAsync(CodeRequest request, IPAddress? address)
    {
        if (!_addresses.TryTake(address))
            return ResultCode.TooFrequent;
        var code = NewCode();
        var pending = await PendAsync(request, code);
        if (!pending.IsOk)
        {
            _addresses.Return(address);
            return pending.Code;
        }
        var outcome = await CountedAsync(() => sms.SendAsync(request.Phone, code));
        if (outcome == SmsOutcome.Sent)
            return Done.Ok;
        AccountLog.SmsRefused(logger, request.Phone.Masked, outcome);
        await store.RunAsync(tx => RemoveAsync(tx, request, pending.Value));
        return outcome == SmsOutcome.LimitReached ? ResultCode.TooFrequent : ResultCode.Busy;
    }

    private async Task<Result<SentCode>> PendAsync(CodeRequest request, string code)
    {
        var (pending, isFull) = await store.RunAsync(tx => PendAsync(tx, request, code));
        if (isFull)
            (request.Type == CodeType.Login ? _registered : _new).Refused(request.Phone.Masked);
        return pending;
    }

    /// <returns>The code, or why there is none; and whether that is because the whole server has sent its share.</returns>
    private async ValueTask<(Result<SentCode> Pending, bool IsFull)> PendAsync(ITransaction tx, CodeRequest request, string code)
    {
        var known = await Riders.FindAsync(tx, request.Phone) is not null;
        if (known && request.Type == CodeType.Register)
            return (ResultCode.PhoneTaken, false);
        if (!known && request.Type == CodeType.Login)
            return (ResultCode.NotRegistered, false);
        var codes = await tx.GetAsync(AccountTables.Codes, request.Phone.ToString()) ?? new PhoneCodes { Phone = request.Phone };
        var today = DayOf(tx.Now);
        if (codes.IsPaused(request.Type, tx.Now, options.Lifetime) || codes.IsExhausted(today))
            return (ResultCode.TooFrequent, false);
        var last = await tx.GetAsync(AccountTables.SmsWindows, request.Type.ToString());
        if (SmsWindow.Add(last, request.Type, tx.Now, options.MaxSmsPerMinute) is not { } window)
            return (ResultCode.TooFrequent, true);
        var sent = new SentCode(await MacAsync(tx, request, code), tx.Now + options.Lifetime, 0);
        tx.Put(AccountTables.SmsWindows, window);
        tx.Put(AccountTables.Codes, codes.Sent(request.Type, sent, today));
        return (sent, false);
    }

    private static string NewCode() => RandomNumberGenerator.GetInt32(1_000_000).ToString("D6", null);

    private static async Task<SmsOutcome> CountedAsync(Func<Task<SmsOutcome>> send)
    {
        var answer = "no_answer";
        try
        {
            var outcome = await send();
            answer = outcome switch { SmsOutcome.Sent => "sent", SmsOutcome.LimitReached => "limit", _ => "refused" };
            return outcome;
        }
        finally
        {
            ServerMeter.Sms.Add("outcome", answer);
        }
    }

    private static async ValueTask<Result<Done>> RemoveAsync(ITransaction tx, CodeRequest request, SentCode refused)
    {
        // A newer code may have taken its place while the provider was asked.
        if (await tx.GetAsync(AccountTables.Codes, request.Phone.ToString()) is { } codes
            && codes.Of(request.Type) is { } now && now.Mac.AsSpan().SequenceEqual(refused.Mac))
            tx.Put(AccountTables.Codes, codes.Unsent(request.Type));
        return Done.Ok;
    }

    private static async ValueTask<byte[]> MacAsync(ITransaction tx, CodeRequest request, string code)
    {
        if (await tx.GetAsync(AccountTables.ServerKeys, KeyName) is not { } key)
        {
            key = new ServerKey(KeyName, RandomNumberGenerator.GetBytes(32));
            tx.Put(AccountTables.ServerKeys, key);
        }
        return HMACSHA256.HashData(key.Bytes, Encoding.UTF8.GetBytes($"{request.Phone}:{request.Type}:{code}"));
    }
}
