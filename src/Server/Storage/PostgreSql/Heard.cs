using System.Globalization;

namespace Charging.Server.Storage.PostgreSql;

/// <summary>A row that a transaction has changed; stamp 0 where it may have.</summary>
internal readonly record struct Word(string Table, string Key, long Stamp)
{
    // No key holds a control character.
    public static Word Read(string line)
    {
        var parts = line.Split('\t');
        return new Word(parts[0], parts[1], long.Parse(parts[2], CultureInfo.InvariantCulture));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Table}\t{Key}\t{Stamp}");
}

/// <summary>What there is to look for.</summary>
internal sealed record Heard(IReadOnlyList<Word> Words)
{
    public static readonly Heard Often = new([]);
    public static readonly Heard Everything = new([]);
}
