namespace Charging.Server.Calls;

/// <summary>
/// The server cannot start for a reason that its operator can mend. The message is all that they see: one sentence that
/// names the setting and what to do.
/// </summary>
public sealed class StartupException(string message, Exception? inner = null) : Exception(message, inner);
