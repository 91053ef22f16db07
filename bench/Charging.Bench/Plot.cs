using System.Globalization;
using System.Security;
using System.Text;

namespace Charging.Bench;

/// <summary>A line plot as SVG text: a title, two axes with their units, a few lines with their names.</summary>
/// <param name="title">What it shows.</param>
/// <param name="x">What the horizontal axis counts, with its unit.</param>
/// <param name="y">What the vertical axis counts, with its unit. It begins at 0.</param>
internal sealed class Plot(string title, string x, string y)
{
    private const int Width = 720;
    private const int Height = 420;
    private const int Left = 76;
    private const int Right = 24;
    private const int Top = 72;
    private const int Bottom = 60;

    // Told apart by people who see colours otherwise, on white and on dark pages.
    private static readonly string[] Colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];

    private readonly List<(string Name, (double X, double Y)[] Points, bool IsLimit)> _lines = [];

    /// <summary>Whether the horizontal axis doubles with each step.</summary>
    public bool IsLogX { get; init; }

    /// <summary>Adds a line.</summary>
    public Plot Line(string name, IEnumerable<(double X, double Y)> points)
    {
        _lines.Add((name, [.. points], false));
        return this;
    }

    /// <summary>Adds what a line is held against, dashed: the first for the first line, and so on.</summary>
    public Plot Limit(string name, IEnumerable<(double X, double Y)> points)
    {
        _lines.Add((name, [.. points], true));
        return this;
    }

    /// <summary>Writes it to docs/images/ of the repository; that of a trial, which is a run with counts of its own, to artifacts/.</summary>
    /// <param name="name">The file's name without its extension.</param>
    /// <param name="args">What the benchmark was given.</param>
    public void Save(string name, string[] args)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Repository.Root, args.Length == 0 ? "docs/images" : "artifacts")).FullName;
        File.WriteAllText(Path.Combine(folder, $"{name}.svg"), ToSvg());
    }

    private string ToSvg()
    {
        var svg = new StringBuilder();
        svg.AppendLine(Invariant($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#333\">"));
        svg.AppendLine("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>");
        svg.AppendLine(Text(Left, 26, "start", title, "font-size=\"16\" font-weight=\"bold\""));
        DrawAxes(svg);
        for (var i = 0; i < _lines.Count; i++)
            DrawLine(svg, i);
        svg.AppendLine("</svg>");
        return svg.ToString();
    }

    private void DrawAxes(StringBuilder svg)
    {
        var step = Step(MaxY);
        for (var value = 0.0; value <= TopY; value += step)
        {
            svg.AppendLine(Invariant($"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(value):0.#}\" y2=\"{Y(value):0.#}\" stroke=\"{(value == 0 ? "#333" : "#ddd")}\"/>"));
            svg.AppendLine(Text(Left - 8, Y(value) + 4, "end", Number(value)));
        }
        foreach (var value in _lines.SelectMany(line => line.Points).Select(point => point.X).Distinct())
        {
            svg.AppendLine(Invariant($"<line x1=\"{X(value):0.#}\" x2=\"{X(value):0.#}\" y1=\"{Height - Bottom}\" y2=\"{Height - Bottom + 5}\" stroke=\"#333\"/>"));
            svg.AppendLine(Text(X(value), Height - Bottom + 20, "middle", Number(value)));
        }
        svg.AppendLine(Text((Left + Width - Right) / 2.0, Height - 14, "middle", x));
        svg.AppendLine(Text(0, 0, "middle", y, Invariant($"transform=\"translate(18 {(Top + Height - Bottom) / 2}) rotate(-90)\"")));
    }

    private void DrawLine(StringBuilder svg, int index)
    {
        var (name, points, isLimit) = _lines[index];
        // What a line is held against has its colour.
        var colour = Colours[_lines.Take(index).Count(line => line.IsLimit == isLimit) % Colours.Length];
        var dash = isLimit ? " stroke-dasharray=\"6 4\"" : "";
        var path = string.Join(' ', points.Select(point => Invariant($"{X(point.X):0.#},{Y(point.Y):0.#}")));
        svg.AppendLine($"<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"{dash}/>");
        foreach (var point in isLimit ? [] : points)
            svg.AppendLine(Invariant($"<circle cx=\"{X(point.X):0.#}\" cy=\"{Y(point.Y):0.#}\" r=\"3.5\" fill=\"{colour}\"/>"));
        var at = Left + _lines.Take(index).Sum(line => 48 + 7.2 * line.Name.Length);
        svg.AppendLine(Invariant($"<line x1=\"{at:0.#}\" x2=\"{at + 22:0.#}\" y1=\"48\" y2=\"48\" stroke=\"{colour}\" stroke-width=\"2\"{dash}/>"));
        svg.AppendLine(Text(at + 28, 52, "start", name));
    }

    private double MaxY => _lines.SelectMany(line => line.Points).Max(point => point.Y);

    private double TopY => Math.Ceiling(MaxY / Step(MaxY)) * Step(MaxY);

    private double Y(double value) => Height - Bottom - value / TopY * (Height - Bottom - Top);

    private double X(double value)
    {
        var all = _lines.SelectMany(line => line.Points).Select(point => Place(point.X)).ToList();
        return Left + 16 + (Place(value) - all.Min()) / (all.Max() - all.Min()) * (Width - Right - Left - 32);
    }

    private double Place(double value) => IsLogX ? Math.Log2(value) : value;

    // A 1, 2 or 5 with zeros, so that four to nine of them reach the top.
    private static double Step(double max)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(max / 4)));
        return (max / 4 / power) switch { < 2 => 1, < 5 => 2, _ => 5 } * power;
    }

    private static string Number(double value) => value.ToString(value is 0 or >= 1000 ? "N0" : "0.###", CultureInfo.InvariantCulture);

    private static string Text(double left, double top, string anchor, string text, string more = "") =>
        Invariant($"<text x=\"{left:0.#}\" y=\"{top:0.#}\" text-anchor=\"{anchor}\" {more}>{SecurityElement.Escape(text)}</text>");

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
