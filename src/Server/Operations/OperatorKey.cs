using System.Security.Cryptography;
using System.Text;
using Charging.Server.Storage;

namespace Charging.Server.Operations;

/// <summary>What an operator may do.</summary>
public enum OperatorRole
{
    /// <summary>Everything.</summary>
    Admin = 1,
}

/// <summary>An operator's proof of identity, as it is stored: its hash alone.</summary>
public sealed record OperatorKey
{
    /// <summary>Length of a key: 256 random bits in base64url.</summary>
    public const int TextLength = 43;

    /// <summary>What the key is known by.</summary>
    public required string Id { get; init; }

    /// <summary>SHA-256 of the key, in hex. The key is random, so a fast hash keeps it.</summary>
    public required string Hash { get; init; }

    /// <summary>What it opens.</summary>
    public required OperatorRole Role { get; init; }

    /// <summary>When it was taken up, UTC.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>A new key.</summary>
    public static string NewText() => System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>The hash of a key.</summary>
    public static string HashOf(string text) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
