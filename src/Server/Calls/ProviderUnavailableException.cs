namespace Charging.Server.Calls;

/// <summary>A payment or SMS provider did not answer in time, or cannot be reached. Answered as 5000.</summary>
public sealed class ProviderUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
