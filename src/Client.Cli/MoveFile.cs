using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Grpc.Core;

namespace Charging.Client.Cli;

/// <summary>An export as a file. What is in it is the servers' business; that it is whole is seen by its last line.</summary>
internal static class MoveFile
{
    /// <summary>Bytes that are read or sent at a time.</summary>
    public const int Portion = 256 * 1024;

    private const string Last = "sha256 ";
    private const int LastBytes = 72;

    private static ReadOnlySpan<byte> First => "{\"format\":\"charging-move "u8;

    /// <summary>Reads a file to its end and insists that it is whole.</summary>
    /// <exception cref="CliException">It is no export, or not a whole one.</exception>
    public static async Task<long> VerifyAsync(string path, Action<double> progress, CancellationToken cancellationToken)
    {
        await using var file = BackupFile.Open(path);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[Portion];
        var begin = await file.ReadAtLeastAsync(buffer.AsMemory(0, First.Length), First.Length, throwOnEndOfStream: false, cancellationToken);
        if (!buffer.AsSpan(0, begin).SequenceEqual(First))
            throw new CliException($"{path} is no export of a charging server: give a file that 'chargectl export' has written.");
        file.Position = 0;
        for (var left = file.Length - LastBytes; left > 0;)
        {
            var read = await file.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), cancellationToken);
            if (read == 0)
                throw new CliException($"{path} became shorter while it was read.");
            hash.AppendData(buffer, 0, read);
            left -= read;
            progress(1 - ((double)left / file.Length));
        }
        var end = await file.ReadAtLeastAsync(buffer.AsMemory(0, LastBytes), LastBytes, throwOnEndOfStream: false, cancellationToken);
        var line = Encoding.ASCII.GetString(buffer, 0, end);
        if (!line.StartsWith(Last, StringComparison.Ordinal))
            throw new CliException($"{path} is cut off: its end is missing. Take another export; nothing was imported.");
        return line == $"{Last}{Convert.ToHexStringLower(hash.GetHashAndReset())}\n"
            ? file.Length
            : throw new CliException($"{path} is damaged: its content does not fit its checksum. Use another export; nothing was imported.");
    }

    /// <summary>What is said when the server is one for riders.</summary>
    public static CliException Explain(RpcException refusal, Session session, string after) => new(refusal.StatusCode == StatusCode.Unimplemented
        ? string.Create(CultureInfo.InvariantCulture, $"The server at {session.Address} serves riders: stop it, and start it with Charging:Store:Moving=true (docs/scale.md).")
        : $"{session.Explain(refusal)} {after}".TrimEnd());
}
