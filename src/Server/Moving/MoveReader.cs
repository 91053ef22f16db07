using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Charging.Server.Storage;

namespace Charging.Server.Moving;

/// <summary>What comes in is no whole export. The message is a sentence.</summary>
internal sealed class BadMoveException(string message) : Exception(message);

/// <summary>Takes an export apart as it comes in, and insists that it is whole.</summary>
internal sealed class MoveReader : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Dictionary<string, ITable> _tables = MoveFile.Moved.ToDictionary(table => table.Name, StringComparer.Ordinal);
    private readonly MemoryStream _rest = new();
    private bool _isWhole;

    /// <summary>The first line; null before it was read.</summary>
    public MoveHeader? Header { get; private set; }

    /// <summary>The sums.</summary>
    /// <exception cref="BadMoveException">There was no end.</exception>
    public MoveSums Sums => _isWhole && _rest.Length == 0 && _sums is { } sums ? sums : throw new BadMoveException("The export is cut off: its end is missing.");

    private MoveSums? _sums;

    /// <summary>Takes the next bytes in, and gives the rows that are whole by now.</summary>
    /// <exception cref="BadMoveException">They are no export, or one that this program does not know.</exception>
    public IReadOnlyList<(ITable Table, object Entity)> Take(ReadOnlyMemory<byte> bytes)
    {
        var rows = new List<(ITable, object)>();
        _rest.Position = _rest.Length;
        _rest.Write(bytes.Span);
        var all = _rest.GetBuffer().AsMemory(0, (int)_rest.Length);
        var at = 0;
        for (var end = all.Span.IndexOf((byte)'\n'); end >= 0; end = all.Span[at..].IndexOf((byte)'\n'))
        {
            if (TakeLine(all.Slice(at, end + 1).Span) is { } row)
                rows.Add(row);
            at += end + 1;
        }
        if (all.Length - at > MoveFile.LongestLine)
            throw new BadMoveException($"The export has a line of more than {MoveFile.LongestLine} bytes, so it is damaged.");
        var left = all[at..].ToArray();
        _rest.SetLength(0);
        _rest.Write(left);
        return rows;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _hash.Dispose();
        _rest.Dispose();
    }

    private (ITable Table, object Entity)? TakeLine(ReadOnlySpan<byte> line)
    {
        if (_isWhole)
            throw new BadMoveException("The export goes on after its end, so it is damaged.");
        var text = line[..^1];
        var space = text.IndexOf((byte)' ');
        var first = space < 0 ? "" : Encoding.UTF8.GetString(text[..space]);
        if (Header is not null && first == MoveFile.Hash)
        {
            _isWhole = _sums is not null && Encoding.UTF8.GetString(text[(space + 1)..]) == Convert.ToHexStringLower(_hash.GetHashAndReset())
                ? true
                : throw new BadMoveException("The export is damaged: its content does not fit its checksum.");
            return null;
        }
        _hash.AppendData(line);
        if (Header is null)
            Header = ReadHeader(text);
        else if (first == MoveFile.End)
            _sums = Checked(Read(text[(space + 1)..], json => JsonSerializer.Deserialize(json, MoveJson.Default.MoveSums)));
        else if (_tables.TryGetValue(first, out var table))
            return (table, Read(text[(space + 1)..], table.Read));
        else
            throw new BadMoveException($"The export has a table '{first}' that this server does not know: use the same version of the server on both sides.");
        return null;
    }

    private static MoveHeader ReadHeader(ReadOnlySpan<byte> line)
    {
        var header = line.StartsWith("{\"format\":"u8) ? Read(line, json => JsonSerializer.Deserialize(json, MoveJson.Default.MoveHeader)) : null;
        return header switch
        {
            null => throw new BadMoveException("This is no export of a charging server: give a file that 'chargectl export' has written."),
            { Format: not MoveFile.Format } => throw new BadMoveException($"The export has the form '{header.Format}', which this server does not know: use a server of version {header.ServerVersion}."),
            _ when VersionOf(header.ServerVersion) > VersionOf(MovingSetup.Version) => throw new BadMoveException($"The export was written by a server of version {header.ServerVersion}, and this one is of version {MovingSetup.Version}: use the same version of the server on both sides."),
            _ when header.Schema != MoveFile.Schema => throw new BadMoveException($"The export has rows of version {header.Schema}, and this server has {MoveFile.Schema}: use the same version of the server on both sides."),
            _ => header,
        };
    }

    private static MoveSums Checked(MoveSums sums) => sums switch
    {
        { Tables: null } or { Ledger: null } or { Numbers: null } => throw new BadMoveException("The export is damaged: a part of its sums is missing."),
        _ when sums.Numbers.Any(number => number.Value is < 0 or > MoveFile.HighestNumber || !NumberSequence.All.Contains(number.Key)) =>
            throw new BadMoveException("The export is damaged: its numbers make no sense."),
        _ => sums,
    };

    /// <summary>The numbers alone, without what a build adds.</summary>
    private static Version VersionOf(string text) =>
        Version.TryParse(text?.Split('+', '-')[0], out var version) ? version : throw new BadMoveException("The export is damaged: it does not say which server has written it.");

    private delegate T? JsonReading<T>(ReadOnlySpan<byte> json);

    private static T Read<T>(ReadOnlySpan<byte> json, JsonReading<T> read)
        where T : class
    {
        try
        {
            return read(json) ?? throw new JsonException();
        }
        // A value of the domain refuses in its own way.
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException or NotSupportedException)
        {
            throw new BadMoveException("The export is damaged: a line of it cannot be read.");
        }
    }
}
