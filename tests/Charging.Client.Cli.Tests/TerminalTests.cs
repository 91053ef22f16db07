using System.Buffers.Binary;
using System.Collections;
using System.Globalization;
using System.Net;
using Charging.Ops.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Xunit;

namespace Charging.Client.Cli.Tests;

/// <summary>Whatever a server answers, nothing but words reaches the terminal.</summary>
public sealed class TerminalTests
{
    // A title, a colour by C1, a bidirectional override, a zero-width space, both separators, a tag beyond the BMP.
    private const string Hostile = "\u001b]0;x\u0007\u009b31m\u202e\u200b\u2028\u2029\U000E0041";

    private static readonly Dictionary<string, string[]> Arguments = new()
    {
        ["device-no"] = ["014441AC53"],
        ["card-no"] = ["111111786"],
        ["card-nos"] = ["111111786"],
        ["order-no"] = ["201912040000000352"],
        ["rider"] = ["13800000000"],
        ["amount"] = ["1.00"],
        ["command"] = ["ReportStatus"],
        ["alarm-id"] = ["014441AC53-00-Door"],
        ["latitude"] = ["31.2"],
        ["longitude"] = ["121.5"],
    };

    /// <summary>What reads and writes files of its own, or runs until it is stopped.</summary>
    private static readonly string[] Elsewhere = ["backup", "restore", "export", "import", "reopen", "simulate", "mqtt export", "piles qr"];

    [Fact]
    public async Task No_command_writes_what_could_steer_a_terminal()
    {
        await using var server = await HostileServer.StartAsync(Hostile);
        var answered = 0;
        foreach (var command in Leaves(Chargectl.Root(), []).Where(command => !Elsewhere.Contains(string.Join(' ', command.Path))))
        {
            foreach (var json in new[] { false, true })
            {
                using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
                var run = await Ctl.RunAsync([.. command.Path, .. command.Arguments, "--address", server.Address, "--key-file", server.KeyFile, .. json ? ["--json"] : Array.Empty<string>()], deadline.Token);

                Assert.DoesNotContain(run.Output + run.Error, IsUnprintable);
                answered += (run.Output + run.Error).Contains('\ufffd') ? 1 : 0;
            }
        }
        Assert.InRange(answered, 40, int.MaxValue);
    }

    [Fact]
    public async Task A_refusal_is_printable_too()
    {
        await using var server = await HostileServer.StartAsync(Hostile, refuses: true);
        var run = await Ctl.RunAsync(["piles", "list", "--address", server.Address, "--key-file", server.KeyFile]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains('\ufffd', run.Sentence);
        Assert.DoesNotContain(run.Error, IsUnprintable);
    }

    private static bool IsUnprintable(char c) => c is not ('\r' or '\n') && CharUnicodeInfo.GetUnicodeCategory(c) is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate;

    private static IEnumerable<(string[] Path, string[] Arguments)> Leaves(System.CommandLine.Command command, string[] path)
    {
        if (command.Subcommands.Count == 0)
            return [(path, [.. command.Arguments.SelectMany(Value), .. command.Options.Where(option => option.Required).SelectMany(option => (string[])[option.Name, "1"])])];
        return command.Subcommands.SelectMany(inner => Leaves(inner, [.. path, inner.Name]));
    }

    private static string[] Value(System.CommandLine.Argument argument) => Arguments.GetValueOrDefault(argument.Name) ?? ["1"];

    /// <summary>A gRPC server that answers every method of operators with the same text in every field.</summary>
    private sealed class HostileServer(WebApplication app, string folder) : IAsyncDisposable
    {
        public string Address => app.Urls.Single();

        public string KeyFile => Path.Combine(folder, "operator.key");

        public static async Task<HostileServer> StartAsync(string text, bool refuses = false)
        {
            var methods = typeof(PileService).Assembly.GetTypes()
                .Where(type => type.Namespace == "Charging.Ops.V1" && type is { IsAbstract: true, IsSealed: true })
                .Select(type => type.GetProperty("Descriptor")?.GetValue(null)).OfType<ServiceDescriptor>()
                .SelectMany(service => service.Methods).ToDictionary(method => $"/{method.Service.FullName}/{method.Name}");
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
            var app = builder.Build();
            app.Run(context => AnswerAsync(context, methods[context.Request.Path], text, refuses));
            await app.StartAsync();
            var server = new HostileServer(app, Directory.CreateTempSubdirectory("hostile-").FullName);
            await File.WriteAllTextAsync(server.KeyFile, "key");
            return server;
        }

        public async ValueTask DisposeAsync()
        {
            await app.DisposeAsync();
            Directory.Delete(folder, recursive: true);
        }

        private static async Task AnswerAsync(HttpContext context, MethodDescriptor method, string text, bool refuses)
        {
            context.Response.ContentType = "application/grpc";
            await context.Request.Body.CopyToAsync(Stream.Null);
            if (!refuses)
            {
                var message = Filled(method.OutputType, text, []).ToByteArray();
                var frame = new byte[5 + message.Length];
                BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
                message.CopyTo(frame, 5);
                await context.Response.Body.WriteAsync(frame);
            }
            context.Response.AppendTrailer("grpc-status", refuses ? "9" : "0");
            context.Response.AppendTrailer("grpc-message", Uri.EscapeDataString(text));
        }

        private static IMessage Filled(MessageDescriptor type, string text, MessageDescriptor[] above)
        {
            var message = type.Parser.ParseFrom([]);
            // A page that had another behind it would be asked for without end.
            foreach (var field in type.Fields.InDeclarationOrder().Where(field => field.Name != "next_page_token"))
            {
                object? value = field.FieldType switch
                {
                    FieldType.String => text,
                    FieldType.Message when !field.IsMap && !above.Contains(field.MessageType) => Filled(field.MessageType, text, [.. above, type]),
                    _ => null,
                };
                if (value is null)
                    continue;
                if (field.IsRepeated)
                    ((IList)field.Accessor.GetValue(message)).Add(value);
                else
                    field.Accessor.SetValue(message, value);
            }
            return message;
        }
    }
}
