using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Charging.Testing.WeChatPay;

/// <summary>RSA keys of this process, made at their first use: making one takes longer than most tests.</summary>
internal static class TestKeys
{
    /// <summary>The merchant's.</summary>
    public const int Merchant = 0;

    /// <summary>Another merchant's.</summary>
    public const int OtherMerchant = 1;

    /// <summary>WeChat Pay's public key.</summary>
    public const int PublicKey = 2;

    /// <summary>The key of nobody who should sign.</summary>
    public const int Nobody = 3;

    /// <summary>The first platform certificate's; the next has the next.</summary>
    public const int Certificates = 10;

    private static readonly ConcurrentDictionary<int, Lazy<RSA>> Keys = new();

    /// <summary>A key. It is shared: lock it to use it.</summary>
    public static RSA Take(int number) => Keys.GetOrAdd(number, _ => new Lazy<RSA>(() => RSA.Create(2048))).Value;
}
