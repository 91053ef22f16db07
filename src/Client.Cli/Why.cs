using System.CommandLine;

namespace Charging.Client.Cli;

/// <summary>Why something is done: what the audit log keeps.</summary>
internal static class Why
{
    /// <summary>Where the server asks for a reason.</summary>
    public static Option<string> Needed() => new("--reason") { Description = "Why, for the audit log.", HelpName = "text", Required = true };

    /// <summary>Where it does not.</summary>
    public static Option<string> Welcome() => new("--reason") { Description = "Why, for the audit log.", HelpName = "text", DefaultValueFactory = _ => "" };
}
