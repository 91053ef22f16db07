using System.Security.Cryptography;
using System.Text;

namespace Charging.Server.Operations;

/// <summary>What an operator may do. Each may do all that those before may.</summary>
public enum OperatorRole
{
    /// <summary>Looks and changes nothing.</summary>
    Viewer = 1,

    /// <summary>Runs the piles and helps riders; moves little money.</summary>
    Operator = 2,

    /// <summary>Moves more money.</summary>
    Finance = 3,

    /// <summary>Everything.</summary>
    Admin = 4,
}

/// <summary>An operator's proof of identity, as it is stored: its hash alone.</summary>
public sealed record OperatorKey
{
    /// <summary>Length of a key: 256 random bits in base64url.</summary>
    public const int TextLength = 43;

    /// <summary>What the key is known by: `file`, or `k` and a number.</summary>
    public required string Id { get; init; }

    /// <summary>Who has it.</summary>
    public string Name { get; init; } = "";

    /// <summary>SHA-256 of the key, in hex. The key is random, so a fast hash keeps it.</summary>
    public required string Hash { get; init; }

    /// <summary>What it opens.</summary>
    public required OperatorRole Role { get; init; }

    /// <summary>When it was taken up, UTC.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was revoked, UTC; null while it is valid.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>A new key.</summary>
    public static string NewText() => System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>The hash of a key.</summary>
    public static string HashOf(string text) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
