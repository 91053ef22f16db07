using System.CommandLine;
using Spectre.Console;

namespace Charging.Client.Cli;

/// <summary>Asks before something that cannot be taken back.</summary>
internal static class Confirm
{
    /// <summary>Does not ask.</summary>
    public static readonly Option<bool> Yes = new("--yes", "-y")
    {
        Description = "Does not ask whether you are sure.",
        Recursive = true,
    };

    /// <summary>Asks a person who sits before a terminal; goes on where nobody does, and with --yes.</summary>
    /// <exception cref="CliException">The answer was no.</exception>
    public static void Ask(Session session, string question)
    {
        if (!session.IsTerminal || System.Console.IsInputRedirected || session.Json || session.Parse.GetValue(Yes))
            return;
        if (!session.Console.Prompt(new ConfirmationPrompt(Markup.Escape(question)) { DefaultValue = false }))
            throw new CliException("Nothing was done.");
    }
}
