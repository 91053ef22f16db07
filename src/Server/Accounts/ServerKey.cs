namespace Charging.Server.Accounts;

/// <summary>A random key that the server made for itself at its first use and keeps with the data.</summary>
/// <param name="Name">What it is for.</param>
/// <param name="Bytes">256 random bits.</param>
public sealed record ServerKey(string Name, byte[] Bytes);
