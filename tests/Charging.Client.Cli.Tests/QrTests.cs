using System.Diagnostics;
using System.Xml.Linq;
using Charging.Testing;
using Xunit;

namespace Charging.Client.Cli.Tests;

/// <summary>`piles qr`: a label that phones and people can read.</summary>
public sealed class QrTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("charging-qr-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData("{deviceNo}", "014441AC53")]
    [InlineData("https://例子.example/p/{deviceNo}?from=label", "https://例子.example/p/014441AC53?from=label")]
    public async Task A_decoder_of_others_reads_the_png(string template, string text)
    {
        await using var app = await ChargingApp.StartAsync();
        await app.CtlAsync("piles", "add", "014441AC53");
        var file = Path.Combine(_directory.FullName, "label.png");
        var run = await app.CtlAsync("piles", "qr", "014441ac53", "--out", file, "--text", template);

        Assert.Equal((0, file), (run.ExitCode, run.Output.Trim()));
        Assert.Equal(text, await DecodeAsync(file));
    }

    [Fact]
    public async Task The_svg_has_the_same_code_and_the_number_below_it()
    {
        await using var app = await ChargingApp.StartAsync();
        await app.CtlAsync("piles", "add", "014441AC53");
        var file = Path.Combine(_directory.FullName, "label.svg");
        Assert.Equal(0, (await app.CtlAsync("piles", "qr", "014441AC53", "--format", "svg", "--out", file)).ExitCode);

        var svg = XDocument.Load(file).Root!;
        XNamespace ns = "http://www.w3.org/2000/svg";
        Assert.Equal("014441AC53", svg.Element(ns + "text")!.Value);
        Assert.Equal(Modules(QrLabel.Make("014441AC53", "014441AC53").ToSvg()), svg.Element(ns + "path")!.Attribute("d")!.Value);
        Assert.StartsWith("M4,4h1v1h-1z", svg.Element(ns + "path")!.Attribute("d")!.Value);
    }

    [Theory]
    [InlineData("not registered", "00000000FF")]
    [InlineData("{deviceNo}", "014441AC53", "--text", "the same for all")]
    [InlineData("too long", "014441AC53", "--text", "long")]
    [InlineData("cannot be written", "014441AC53", "--out", "/dev/null/label.png")]
    [InlineData("svg", "014441AC53", "--format", "gif")]
    public async Task What_would_be_a_useless_label_is_refused(string hint, params string[] args)
    {
        await using var app = await ChargingApp.StartAsync();
        await app.CtlAsync("piles", "add", "014441AC53");
        args = [.. args.Select(arg => arg == "long" ? new string('x', 3000) + "{deviceNo}" : arg)];
        var run = await app.CtlAsync(["piles", "qr", .. args]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(hint, run.Sentence);
    }

    private static string Modules(byte[] svg) => XDocument.Load(new MemoryStream(svg)).Root!.Element(XName.Get("path", "http://www.w3.org/2000/svg"))!.Attribute("d")!.Value;

    private static async Task<string> DecodeAsync(string file)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "ChargingGrpc.sln")))
            folder = folder.Parent!;
        var start = new ProcessStartInfo("node", [Path.Combine(folder.FullName, "tests/clients/qr-reader/read.js"), file]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var reader = Process.Start(start)!;
        var output = await reader.StandardOutput.ReadToEndAsync(deadline.Token);
        var error = await reader.StandardError.ReadToEndAsync(deadline.Token);
        await reader.WaitForExitAsync(deadline.Token);
        return reader.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException(error);
    }
}
