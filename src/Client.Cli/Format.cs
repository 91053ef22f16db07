using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Spectre.Console;

namespace Charging.Client.Cli;

/// <summary>How things look in tables.</summary>
internal static class Format
{
    /// <summary>The most characters of a cell; `--json` has all of it.</summary>
    public const int MaxCell = 400;

    // More than any table needs. The library would squeeze what is wider, and for some widths never ends; and a squeezed table
    // breaks numbers that somebody wants to copy. A terminal breaks long lines by itself.
    private const int Width = 100_000;

    /// <summary>What is not there.</summary>
    public const string None = "-";

    /// <summary>Fen as yuan with two decimals.</summary>
    public static string Yuan(long fen) => (fen / 100m).ToString("0.00", CultureInfo.InvariantCulture);

    /// <summary>A time on this machine's clock.</summary>
    public static string Time(Timestamp? time) =>
        time?.ToDateTimeOffset().ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? None;

    /// <summary>Seconds as hours, minutes and seconds.</summary>
    public static string Duration(int seconds) => seconds == 0 ? None : TimeSpan.FromSeconds(seconds).ToString("c", CultureInfo.InvariantCulture);

    /// <summary>A text, or a dash.</summary>
    public static string OrNone(string text) => text.Length == 0 ? None : text;

    /// <summary>A number, or a dash for 0.</summary>
    public static string OrNone(int number) => number == 0 ? None : Number(number);

    /// <summary>A number.</summary>
    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A value of an enum in lower case: `start failed`.</summary>
    public static string Name<T>(T value)
        where T : struct, System.Enum =>
        string.Concat(value.ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? $" {char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));

    /// <summary>Why something is paused, and until when; a dash when it is not.</summary>
    public static string Why(Ops.V1.Pause? pause) => pause switch
    {
        null => None,
        { Alarm: not Device.V1.AlarmCode.Unspecified } => $"alarm: {Name(pause.Alarm)}",
        { Until: { } until } => $"{pause.Reason} (until {Time(until)})",
        _ => pause.Reason,
    };

    /// <summary>A console for tables.</summary>
    public static IAnsiConsole ConsoleOf(IAnsiConsoleOutput output)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = output, Ansi = output.IsTerminal ? AnsiSupport.Detect : AnsiSupport.No });
        console.Pipeline.Attach(new CleanRendering());
        console.Profile.Width = Width;
        return console;
    }

    /// <summary>A table with headings.</summary>
    public static Table Columns(params string[] headings)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (var heading in headings)
            table.AddColumn(new TableColumn(new Text(heading, new Style(decoration: Decoration.Bold))) { NoWrap = true });
        return table;
    }

    /// <summary>Adds a row of texts, which are shown as they are.</summary>
    public static Table Row(this Table table, params string[] cells) => table.AddRow(cells.Select(cell => new Text(Cut(cell))));

    private static string Cut(string cell) => cell.Length <= MaxCell ? cell : $"{cell[..(MaxCell - (char.IsHighSurrogate(cell[MaxCell - 2]) ? 2 : 1))]}…";

    /// <summary>Writes names and values under each other.</summary>
    public static void Fields(this IAnsiConsole console, params (string Name, string Value)[] fields)
    {
        var grid = new Grid().AddColumn(new GridColumn { NoWrap = true }).AddColumn();
        foreach (var (name, value) in fields)
            grid.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), new Text(value));
        console.Write(grid);
    }

    /// <summary>Writes a line as it is.</summary>
    public static void Line(this IAnsiConsole console, string text) => console.Write(new Text(text + "\n"));
}
