using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Charging.Client.Cli;

/// <summary>Amounts on the command line: yuan with at most two decimals.</summary>
internal static class Money
{
    /// <summary>Reads yuan as fen.</summary>
    public static long? Read(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        const NumberStyles Form = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        if (decimal.TryParse(text, Form, CultureInfo.InvariantCulture, out var yuan) && Math.Abs(yuan) < 1_000_000_000 && yuan * 100 == decimal.Truncate(yuan * 100))
            return (long)(yuan * 100);
        result.AddError($"'{text}' is no amount: give yuan with at most two decimals, such as 1.50.");
        return null;
    }
}
