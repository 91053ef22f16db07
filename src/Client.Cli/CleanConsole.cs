using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Charging.Client.Cli;

/// <summary>Keeps control characters that came from the server, and so perhaps from a pile, away from the terminal.</summary>
internal sealed class CleanWriter(TextWriter inner) : TextWriter
{
    private const string LineBreaks = "\r\n\t";

    /// <inheritdoc/>
    public override Encoding Encoding => inner.Encoding;

    /// <summary>A text as it may be written.</summary>
    public static string Clean(string text) => Printable.Clean(text, keep: LineBreaks);

    /// <inheritdoc/>
    public override void Write(char value) => inner.Write(Clean(value.ToString()));

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => inner.Write(Clean(new string(buffer, index, count)));

    /// <inheritdoc/>
    public override void Write(string? value) => inner.Write(Clean(value ?? ""));

    /// <inheritdoc/>
    public override void WriteLine(string? value) => inner.WriteLine(Clean(value ?? ""));

    /// <inheritdoc/>
    public override void Flush() => inner.Flush();
}

/// <summary>The same for tables and questions, whose own colours must reach the terminal.</summary>
internal sealed class CleanRendering : IRenderHook
{
    /// <inheritdoc/>
    public IEnumerable<IRenderable> Process(RenderOptions options, IEnumerable<IRenderable> renderables) => renderables.Select(inner => new Cleaned(inner));

    private sealed class Cleaned(IRenderable inner) : IRenderable
    {
        public Measurement Measure(RenderOptions options, int maxWidth) => inner.Measure(options, maxWidth);

        public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => inner.Render(options, maxWidth)
            .Select(part => part.IsControlCode || part.IsLineBreak ? part : new Segment(CleanWriter.Clean(part.Text), part.Style));
    }
}
