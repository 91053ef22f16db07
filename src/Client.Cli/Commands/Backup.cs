using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;
using Charging.Ops.V1;
using Grpc.Core;

namespace Charging.Client.Cli.Commands;

/// <summary>`backup`.</summary>
internal static class Backup
{
    private static readonly Argument<string> Target = new("file") { Description = "File to write. One that is there is replaced once the new one is whole." };

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("backup", "Writes a copy of everything that the server has stored, while it serves, and checks it.") { Target }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var path = session.Parse.GetValue(Target)!;
        var part = path + ".part";
        try
        {
            var header = await session.WithBarAsync("copying", done => WriteAsync(session, part, done, cancel));
            var info = await session.WithBarAsync("checking", done => BackupFile.VerifyAsync(part, null, done, cancel));
            File.Move(part, path, overwrite: true);
            Tell(session, path, info with { ServerVersion = header.ServerVersion });
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{path} cannot be written: {e.Message.TrimEnd('.')}. There is no backup.");
        }
        finally
        {
            if (File.Exists(part))
                File.Delete(part);
        }
    }

    private static async Task<BackupHeader> WriteAsync(Session session, string part, Action<double> progress, CancellationToken cancel)
    {
        await using var file = PrivateFile.Create(part);
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var pages = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var call = session.System.Backup(new BackupRequest(), cancellationToken: cancel);
        var (header, written, proven) = (default(BackupHeader), 0L, false);
        await foreach (var message in call.ResponseStream.ReadAllAsync(cancel))
        {
            switch (message.PartCase)
            {
                case BackupResponse.PartOneofCase.Header:
                    header = message.Header;
                    await AppendAsync(BackupFile.Line(BackupInfo.Of(header)));
                    break;
                case BackupResponse.PartOneofCase.Pages:
                    pages.AppendData(message.Pages.Span);
                    await AppendAsync(message.Pages.Memory);
                    written += message.Pages.Length;
                    progress((double)written / header!.Bytes);
                    break;
                case BackupResponse.PartOneofCase.End:
                    proven = CryptographicOperations.FixedTimeEquals(message.End.Sha256.Span, pages.GetHashAndReset());
                    break;
            }
        }
        if (header is null || !proven || written != header.Bytes)
            throw new CliException("What the server sent is not what it has: the backup is worth nothing. Begin it again.");
        await file.WriteAsync(whole.GetHashAndReset(), cancel);
        file.Flush(flushToDisk: true);
        return header;

        ValueTask AppendAsync(ReadOnlyMemory<byte> bytes)
        {
            whole.AppendData(bytes.Span);
            return file.WriteAsync(bytes, cancel);
        }
    }

    private static void Tell(Session session, string path, BackupInfo info)
    {
        if (session.Json)
            session.Output.WriteLine(JsonSerializer.Serialize(new { file = path, info.TakenAt, info.Bytes, info.ServerVersion }, JsonSerializerOptions.Web));
        else
            session.Console.Fields(("backup", path), ("of", info.TakenAt.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", null)), ("bytes", Format.Number(info.Bytes)), ("server", info.ServerVersion));
    }
}
