using System.Security.Cryptography;
using System.Text;

namespace Charging.Server.Accounts;

/// <summary>
/// A rider's proof of identity, as it is stored: its hash alone. It lives 7 days without use and 30 in all (contract section 4).
/// </summary>
public sealed record Token
{
    /// <summary>How long a token lives without use.</summary>
    public static readonly TimeSpan IdleLifetime = TimeSpan.FromDays(7);

    /// <summary>How long a token lives in all.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    /// <summary>How often its last use is written.</summary>
    public static readonly TimeSpan UseGrain = TimeSpan.FromDays(1);

    /// <summary>SHA-256 of the token in hex: the key.</summary>
    public required string Hash { get; init; }

    /// <summary>Whose it is.</summary>
    public required long UserId { get; init; }

    /// <summary>When it was issued, UTC.</summary>
    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary>When it was last used, UTC; behind the truth by at most <see cref="UseGrain"/>.</summary>
    public required DateTimeOffset UsedAt { get; init; }

    /// <summary>Whether it lives, by the last use that was written.</summary>
    public bool IsAlive(DateTimeOffset now) => now < IssuedAt + Lifetime && now - UsedAt < IdleLifetime;

    /// <summary>A new token of 256 random bits, in base64url.</summary>
    public static string NewText() => System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>The hash of a token's text. It is random, so a fast hash keeps it.</summary>
    public static string HashOf(string text) => Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(text)));
}
