using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Piles;

/// <summary>`piles qr`.</summary>
internal static class Qr
{
    private const string Placeholder = "{deviceNo}";

    private static readonly Argument<string> Device = new("device-no") { Description = "Device number, 10 hex digits." };

    private static readonly Option<string> Form = new Option<string>("--format") { Description = "svg or png; by default what the name of the file says, else svg.", HelpName = "form" }
        .AcceptOnlyFromAmong("svg", "png");

    private static readonly Option<string> Out = new("--out") { Description = "File to write; by default the number with .svg or .png, in this folder.", HelpName = "path" };

    private static readonly Option<string> Template = new("--text")
    {
        Description = $"What the code says, with {Placeholder} for the number, such as https://example.com/p/{Placeholder}.",
        DefaultValueFactory = _ => Placeholder,
        HelpName = "template",
    };

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command("qr", "Writes a pile's label: its QR code, and its number below.") { Device, Form, Out, Template }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        // The server knows how the number is written, and whether there is such a pile: a label is not easily called back.
        var pile = (await session.Piles.GetPileAsync(new GetPileRequest { DeviceNo = session.Parse.GetValue(Device) }, cancellationToken: cancel)).Pile;
        var template = session.Parse.GetValue(Template)!;
        if (!template.Contains(Placeholder, StringComparison.Ordinal))
            throw new CliException($"--text holds no {Placeholder}, so every pile would have the same label: put it where the number belongs.");
        var path = session.Parse.GetValue(Out);
        var form = session.Parse.GetValue(Form) ?? (Path.GetExtension(path) is ".png" ? "png" : "svg");
        path ??= $"{pile.DeviceNo}.{form}";
        var label = QrLabel.Make(template.Replace(Placeholder, pile.DeviceNo, StringComparison.Ordinal), pile.DeviceNo);
        try
        {
            await File.WriteAllBytesAsync(path, form == "png" ? label.ToPng() : label.ToSvg(), cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{path} cannot be written: {e.Message.TrimEnd('.')}.");
        }
        session.Output.WriteLine(session.Json ? System.Text.Json.JsonSerializer.Serialize(new { file = path, text = label.Text }) : path);
        return 0;
    }
}
