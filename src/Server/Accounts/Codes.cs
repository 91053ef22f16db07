using System.Net;
using System.Security.Cryptography;
using System.Text;
using Charging.Server.Calls;
using Charging.Server.Storage;
using Charging.Server.Telemetry;

namespace Charging.Server.Accounts;

/// <summary>Who asks for a code, and for what.</summary>
public sealed record CodeRequest(Phone Phone, CodeType Type);

/// <summary>Validation codes by SMS (contract section 1): six digits, short-lived, single use, bound to a phone and a type.</summary>
public sealed class Codes(IStore store, ISmsSender sms, AddressLimit addresses, CodesOptions options, ILogger<Codes> logger)
{
    private const string KeyName = "codes";
    private static readonly TimeSpan Shanghai = TimeSpan.FromHours(8);

    /// <summary>Sends a code, unless the last one still lives or a limit is reached.</summary>
    /// <param name="request">The phone and the type.</param>
    /// <param name="address">Where the call comes from.</param>
    /// <exception cref="ProviderUnavailableException">
    /// The provider did not answer. The SMS may still arrive, and then its code must work, so the code is kept; the rider is
    /// told that the server is busy, because nobody can promise them an SMS.
    /// </exception>
    public async Task<Result<Done>> SendAsync(CodeRequest request, IPAddress? address)
    {
        var code = RandomNumberGenerator.GetInt32(1_000_000).ToString("D6", null);
        var counted = addresses.TryTake(address);
        var pending = await store.RunAsync(tx => PrepareAsync(tx, request, code, counted));
        if (!pending.IsOk)
        {
            if (counted)
                addresses.Return(address);
            return pending.Code;
        }
        var outcome = await CountedAsync(() => sms.SendAsync(request.Phone, code));
        if (outcome == SmsOutcome.Sent)
            return Done.Ok;
        AccountLog.SmsRefused(logger, request.Phone.Masked, outcome);
        await store.RunAsync(tx => RemoveAsync(tx, request, pending.Value));
        return outcome == SmsOutcome.LimitReached ? ResultCode.TooFrequent : ResultCode.Busy;
    }

    /// <summary>Whether a code is right. A wrong one is counted against the code that was sent.</summary>
    internal static async ValueTask<bool> IsRightAsync(ITransaction tx, CodeRequest request, string code)
    {
        if (await tx.GetAsync(AccountTables.Codes, request.Phone.ToString()) is not { } codes
            || codes.Living(request.Type, tx.Now) is not { } sent)
            return false;
        if (CryptographicOperations.FixedTimeEquals(await MacAsync(tx, request, code), sent.Mac))
            return true;
        tx.Put(AccountTables.Codes, codes.With(request.Type, sent with { WrongTries = sent.WrongTries + 1 }));
        return false;
    }

    /// <summary>Ends a code that has done its work.</summary>
    internal static async ValueTask SpendAsync(ITransaction tx, CodeRequest request)
    {
        if (await tx.GetAsync(AccountTables.Codes, request.Phone.ToString()) is { } codes)
            tx.Put(AccountTables.Codes, codes.With(request.Type, null));
    }

    /// <summary>The day in Asia/Shanghai, which has had no summer time since 1991.</summary>
    internal static string DayOf(DateTimeOffset time) => time.ToOffset(Shanghai).ToString("yyyyMMdd", null);

    private async ValueTask<Result<SentCode>> PrepareAsync(ITransaction tx, CodeRequest request, string code, bool addressMayAsk)
    {
        var phone = request.Phone.ToString();
        var known = (await tx.ListAsync(AccountTables.UsersByPhone, KeyRange.Exactly(phone), 1)).Count > 0;
        if (known && request.Type == CodeType.Register)
            return ResultCode.PhoneTaken;
        if (!known && request.Type == CodeType.Login)
            return ResultCode.NotRegistered;
        var codes = await tx.GetAsync(AccountTables.Codes, phone) ?? new PhoneCodes { Phone = request.Phone };
        var today = DayOf(tx.Now);
        if (!addressMayAsk || codes.Living(request.Type, tx.Now) is not null || codes.IsExhausted(today))
            return ResultCode.TooFrequent;
        var sent = new SentCode(await MacAsync(tx, request, code), tx.Now + options.Lifetime, 0);
        tx.Put(AccountTables.Codes, codes.Sent(request.Type, sent, today));
        return sent;
    }

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
            && codes.Living(request.Type, tx.Now) is { } now && now.Mac.AsSpan().SequenceEqual(refused.Mac))
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
