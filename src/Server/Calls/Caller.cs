namespace Charging.Server.Calls;

/// <summary>The rider whose token a call carries.</summary>
/// <param name="UserId">Number of the account.</param>
/// <param name="TokenHash">Key of the token, for logout.</param>
public sealed record Caller(long UserId, string TokenHash);
