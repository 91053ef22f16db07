using System.CommandLine;
using Charging.Ops.V1;
using Grpc.Core;

namespace Charging.Client.Cli.Commands.Mqtt;

/// <summary>`mqtt export`.</summary>
internal static class Export
{
    private const int MostNamed = 10;

    private static readonly Option<string> Directory = new("--directory")
    {
        Description = "Folder for the files passwords, acl and mosquitto.conf; made when it is not there. The first two are replaced; "
            + "mosquitto.conf is yours from the first time on.",
        HelpName = "path",
        Required = true,
    };

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command(
        "export", "Writes what Mosquitto must know of piles and nodes. Do it again after each change of piles, and have Mosquitto read it (SIGHUP).") { Directory }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var folder = session.Parse.GetValue(Directory)!;
        var (rules, lines) = await ReadAsync(session, cancel);
        try
        {
            MakeFolder(folder);
            await WriteAsync(folder, "passwords", string.Concat(lines.Select(line => line + "\n")), cancel);
            await WriteAsync(folder, "acl", rules.Acl, cancel);
            if (!File.Exists(Path.Combine(folder, "mosquitto.conf")))
                await WriteAsync(folder, "mosquitto.conf", rules.Configuration.Replace("/etc/mosquitto/charging", Path.GetFullPath(folder), StringComparison.Ordinal), cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{folder} cannot be written to: {e.Message.TrimEnd('.')}.");
        }
        session.Write(rules, console => console.Fields(
            ("folder", folder), ("piles", Format.Number(lines.Count - (rules.NodeName.Length > 0 ? 1 : 0))), ("nodes", rules.NodeName)));
        foreach (var warning in Warnings(rules))
            await session.Error.WriteLineAsync(warning);
        return 0;
    }

    private static IEnumerable<string> Warnings(MqttRules rules)
    {
        if (rules.NodeName.Length == 0)
            yield return "The nodes are missing: set Charging:Mqtt:Mode, Username and Password on the server, and export again.";
        if (rules.MissingDeviceNos.Count > 0)
            yield return $"Piles are missing whose secrets are older than this command; give each a new one with 'piles rotate-secret': "
                + string.Join(", ", rules.MissingDeviceNos.Take(MostNamed)) + (rules.MissingDeviceNos.Count > MostNamed ? "…" : "");
    }

    private static async Task<(MqttRules Rules, List<string> Lines)> ReadAsync(Session session, CancellationToken cancel)
    {
        using var call = session.System.ExportMqtt(new ExportMqttRequest(), cancellationToken: cancel);
        var (rules, lines) = (default(MqttRules), new List<string>());
        await foreach (var part in call.ResponseStream.ReadAllAsync(cancel))
        {
            rules ??= part.Rules;
            lines.AddRange(part.Passwords?.Lines ?? []);
        }
        return rules is not null && rules.PasswordCount == lines.Count
            ? (rules, lines)
            : throw new CliException("The export broke off: nothing was written. Begin it again.");
    }

    /// <summary>Files that are made in it belong to its group, which Mosquitto is in: also those of the next export.</summary>
    private static void MakeFolder(string folder)
    {
        System.IO.Directory.CreateDirectory(folder);
        if (!OperatingSystem.IsWindows() && File.GetUnixFileMode(folder) is var mode && !mode.HasFlag(UnixFileMode.SetGroup))
            File.SetUnixFileMode(folder, mode | UnixFileMode.SetGroup);
    }

    /// <summary>Mosquitto never sees half a file. It runs in a group that may read what its owner wrote.</summary>
    private static async Task WriteAsync(string folder, string name, string text, CancellationToken cancel)
    {
        var part = Path.Combine(folder, $".{name}.part");
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        await using (var file = new StreamWriter(part, options))
            await file.WriteAsync(text.AsMemory(), cancel);
        File.Move(part, Path.Combine(folder, name), overwrite: true);
    }
}
