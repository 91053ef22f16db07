using System.Text;

namespace Charging.MqttBroker;

/// <summary>What a topic carries. The only four that a pile may publish to.</summary>
public enum PileTopic
{
    /// <summary>A status, or a will.</summary>
    Status,

    /// <summary>What must not be lost.</summary>
    Events,

    /// <summary>Measurements.</summary>
    Telemetry,

    /// <summary>Results of commands.</summary>
    Results,
}

/// <summary>How the topics of one pile, and of all, are spelled. No other file spells a topic.</summary>
public sealed class Topics
{
    private const string Root = "piles/";
    private const string Share = "$share/charging/";
    private const string OfAllPiles = Root + "+/";
    private const string CommandsName = "commands";
    private static readonly string[] Names = ["status", "events", "telemetry", "results"];
    private readonly byte[][] _publishable;
    private readonly string _prefix;

    /// <summary>The topics of a pile; its number is spelled in upper case.</summary>
    public Topics(DeviceNo device)
    {
        _prefix = $"{Root}{device}/";
        Status = _prefix + Names[(int)PileTopic.Status];
        Commands = _prefix + CommandsName;
        _publishable = [.. Names.Select(name => Encoding.ASCII.GetBytes(_prefix + name))];
    }

    /// <summary>What each node hears of an external broker, all of it.</summary>
    public static IReadOnlyList<string> OfEveryNode { get; } = [.. new[] { PileTopic.Status, PileTopic.Telemetry, PileTopic.Results }.Select(OfAll)];

    /// <summary>What one of the nodes hears of an external broker, whichever the broker chooses.</summary>
    public static string OfOneNode { get; } = Share + OfAll(PileTopic.Events);

    /// <summary>Where the pile reports its status; the only topic of a will.</summary>
    public string Status { get; }

    /// <summary>Where the pile listens.</summary>
    public string Commands { get; }

    /// <summary>The full name of a topic.</summary>
    public string this[PileTopic topic] => _prefix + Names[(int)topic];

    /// <summary>Reads the name of a topic that a pile may publish to: whose it is, and which.</summary>
    public static bool TryRead(string name, out DeviceNo device, out PileTopic topic)
    {
        topic = default;
        var end = Root.Length + DeviceNo.Length;
        return DeviceNo.TryParse(name.Length > end ? name[Root.Length..end] : null, out device)
            && new Topics(device).TryMatch(Encoding.UTF8.GetBytes(name), out topic);
    }

    /// <summary>Whether a node subscribes to a filter; some brokers name a shared one without its group.</summary>
    public static bool IsHeardByNodes(string filter) => OfEveryNode.Contains(filter) || filter == OfOneNode || filter == OfOneNode[Share.Length..];

    /// <summary>Whether what a filter of the nodes lets through is said once and not again each minute: events, and answers to commands.</summary>
    public static bool MustArrive(string filter) => filter == OfOneNode || filter == OfAll(PileTopic.Results);

    /// <summary>Whether a node may publish to a topic: some pile listens there.</summary>
    public static bool IsForPiles(string name) =>
        name.Length > Root.Length + DeviceNo.Length && DeviceNo.TryParse(name[Root.Length..(Root.Length + DeviceNo.Length)], out var device) && name == new Topics(device).Commands;

    /// <summary>The same rules in the language of Mosquitto's `acl_file`: what a node may do, and what each pile may.</summary>
    /// <param name="node">The user name of the nodes; null when they have none yet.</param>
    public static IEnumerable<string> MosquittoRules(string? node)
    {
        if (node is not null)
        {
            yield return $"user {node}";
            foreach (var name in Names)
                yield return $"topic read {OfAllPiles}{name}";
            yield return $"topic write {OfAllPiles}{CommandsName}";
            yield return "";
        }

        foreach (var name in Names)
            yield return $"pattern write {Root}%u/{name}";
        yield return $"pattern read {Root}%u/{CommandsName}";
    }

    /// <summary>
    /// Finds which of the pile's topics a name is, byte for byte. Whatever is not exactly one of the four is false:
    /// another pile's topic, another spelling, a wildcard, broken UTF-8.
    /// </summary>
    public bool TryMatch(ReadOnlySpan<byte> name, out PileTopic topic)
    {
        for (var i = 0; i < _publishable.Length; i++)
        {
            if (name.SequenceEqual(_publishable[i]))
            {
                topic = (PileTopic)i;
                return true;
            }
        }

        topic = default;
        return false;
    }

    /// <summary>Whether a pile may subscribe to a filter: it must be well formed and lie under the pile's own prefix.</summary>
    public bool Owns(string filter) =>
        filter.StartsWith(_prefix, StringComparison.Ordinal) && filter.Length > _prefix.Length && IsWellFormed(filter.AsSpan(_prefix.Length));

    /// <summary>Whether a filter that the pile owns lets commands through.</summary>
    public bool SelectsCommands(string filter) =>
        filter.AsSpan(_prefix.Length) is "commands" or "commands/#" or "+" or "+/#" or "#";

    private static string OfAll(PileTopic topic) => OfAllPiles + Names[(int)topic];

    /// <summary>Wildcards must be whole levels and # the last one (MQTT 3.1.1, 4.7.1); control characters and what was not UTF-8 are not taken.</summary>
    private static bool IsWellFormed(ReadOnlySpan<char> filter)
    {
        foreach (var c in filter)
            if (char.IsControl(c) || c == '\uFFFD')
                return false;

        while (true)
        {
            var slash = filter.IndexOf('/');
            var level = slash < 0 ? filter : filter[..slash];
            if (level.Length > 1 && level.IndexOfAny('+', '#') >= 0)
                return false;
            if (slash < 0)
                return true;
            if (level is "#")
                return false;
            filter = filter[(slash + 1)..];
        }
    }
}
