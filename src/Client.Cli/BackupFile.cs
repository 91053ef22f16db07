using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Charging.Ops.V1;

namespace Charging.Client.Cli;

/// <summary>What the first line of a backup says.</summary>
/// <param name="Format">What it is: always `charging-backup 1`.</param>
/// <param name="TakenAt">The moment of which it is, UTC.</param>
/// <param name="Bytes">Length of the pages that follow the line.</param>
/// <param name="ServerVersion">Who wrote it.</param>
internal sealed record BackupInfo(string Format, DateTimeOffset TakenAt, long Bytes, string ServerVersion)
{
    /// <summary>The only format there is.</summary>
    public const string Known = "charging-backup 1";

    /// <summary>What a server's header says.</summary>
    public static BackupInfo Of(BackupHeader header) => new(Known, header.TakenAt.ToDateTimeOffset(), header.Bytes, header.ServerVersion);
}

/// <summary>A backup as a file: a line of JSON, the pages of the store, and the SHA-256 of the line and the pages.</summary>
internal static class BackupFile
{
    /// <summary>Length of the hash at the end.</summary>
    public const int HashBytes = 32;

    // The version of the server has a plus sign, which a person shall read as one.
    private static readonly JsonSerializerOptions JsonForm = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const int LongestLine = 1024;
    private const int Portion = 256 * 1024;

    /// <summary>The first line.</summary>
    public static byte[] Line(BackupInfo info) => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(info, JsonForm) + "\n");

    /// <summary>
    /// Reads a file to its end and insists that it is whole. What is read is handed on; nothing of it may be used before this
    /// has returned.
    /// </summary>
    /// <exception cref="CliException">It is no backup, or not a whole one.</exception>
    public static async Task<BackupInfo> VerifyAsync(string path, Func<ReadOnlyMemory<byte>, Task>? pages, Action<double>? progress, CancellationToken cancellationToken)
    {
        await using var file = Open(path);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (info, line) = ReadLine(file, path);
        var wanted = line.Length + info.Bytes + HashBytes;
        if (file.Length != wanted)
            throw new CliException(file.Length < wanted
                ? string.Create(CultureInfo.InvariantCulture, $"{path} is cut off: {wanted - file.Length} of its {wanted} bytes are missing. Take another backup; nothing was written.")
                : $"{path} is longer than it says it is, so it is damaged. Take another backup; nothing was written.");
        hash.AppendData(line);
        var buffer = new byte[Portion];
        for (var left = info.Bytes; left > 0;)
        {
            var read = await file.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), cancellationToken);
            if (read == 0)
                throw new CliException($"{path} became shorter while it was read. Nothing was written.");
            hash.AppendData(buffer, 0, read);
            if (pages is not null)
                await pages(buffer.AsMemory(0, read));
            left -= read;
            progress?.Invoke(1 - ((double)left / info.Bytes));
        }
        var end = new byte[HashBytes];
        await file.ReadExactlyAsync(end, cancellationToken);
        return CryptographicOperations.FixedTimeEquals(end, hash.GetHashAndReset())
            ? info
            : throw new CliException($"{path} is damaged: its content does not fit its checksum. Use another backup; nothing was written.");
    }

    /// <summary>Opens a long file, of whichever kind, to be read from its beginning to its end.</summary>
    /// <exception cref="CliException">It cannot be read.</exception>
    public static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.SequentialScan | FileOptions.Asynchronous);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{path} cannot be read: {e.Message.TrimEnd('.')}.");
        }
    }

    private static (BackupInfo Info, byte[] Line) ReadLine(FileStream file, string path)
    {
        var start = new byte[LongestLine];
        var length = file.ReadAtLeast(start, LongestLine, throwOnEndOfStream: false);
        var end = start.AsSpan(0, length).IndexOf((byte)'\n');
        var info = end < 0 ? null : Parse(start.AsSpan(0, end));
        if (info is not { Bytes: >= 0, Format: not null, ServerVersion: not null })
            throw new CliException($"{path} is no backup of a charging server: give a file that 'chargectl backup' has written.");
        if (info.Format != BackupInfo.Known)
            throw new CliException($"{path} is a backup of the form '{info.Format}', which this chargectl does not know: use that of version {info.ServerVersion}.");
        file.Position = end + 1;
        return (info, start[..(end + 1)]);
    }

    private static BackupInfo? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize<BackupInfo>(line, JsonSerializerOptions.Web);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
