using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Google.Protobuf.WellKnownTypes;

namespace Charging.Client.Cli;

/// <summary>Times on the command line.</summary>
internal static class Days
{
    /// <summary>When a pause ends by itself.</summary>
    public static Option<Timestamp?> End() => new("--until") { Description = "When it ends by itself, such as '2019-12-04 18:00'. Without it, it does not.", HelpName = "time", CustomParser = Read };

    /// <summary>Reads a time of this machine's clock: `2019-12-04` or `2019-12-04 11:07`.</summary>
    public static Timestamp? Read(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        string[] forms = ["yyyy-MM-dd", "yyyy-MM-dd HH:mm", "yyyy-MM-ddTHH:mm", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-ddTHH:mm:ss"];
        if (DateTime.TryParseExact(text, forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var time))
            return time.ToUniversalTime().ToTimestamp();
        result.AddError($"'{text}' is no time: give it as 2019-12-04 or '2019-12-04 11:07'.");
        return null;
    }
}
