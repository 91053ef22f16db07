namespace Charging.Client.Cli;

/// <summary>A command cannot be done. The message is all that its user sees: one sentence that says what to do.</summary>
internal sealed class CliException(string message) : Exception(message);
