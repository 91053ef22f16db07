using System.Globalization;
using CsCheck;
using Spectre.Console;
using Xunit;

namespace Charging.Client.Cli.Tests;

/// <summary>Tables of whatever width are written, soon and whole.</summary>
public sealed class TableTests
{
    private static readonly Gen<string> Cells = Gen.OneOf(
        Gen.String[Gen.Char['一', '龥'], 0, 600], Gen.String[Gen.Char['!', '~'], 0, 600], Gen.String[Gen.OneOf(Gen.Const('充'), Gen.Const(' '), Gen.Const('-')), 0, 600]);

    [Fact]
    public async Task Every_table_is_written_at_once_with_each_cell_on_one_line()
    {
        var tables = Gen.Int[1, 14].SelectMany(columns => Cells.Array[columns].Array[1, 6]);
        var all = Task.Run(() => tables.Sample(
            rows =>
            {
                using var output = new StringWriter(CultureInfo.InvariantCulture);
                var table = Format.Columns([.. Enumerable.Range(0, rows[0].Length).Select(i => $"列{i}")]);
                foreach (var row in rows)
                    table.Row(row);
                Format.ConsoleOf(new AnsiConsoleOutput(output)).Write(table);
                var lines = output.ToString().Split('\n');
                return rows.All(row => lines.Any(line => row.All(cell => line.Contains(Shown(cell), StringComparison.Ordinal))));
            },
            iter: 40,
            threads: 1));
        await all.WaitAsync(TimeSpan.FromMinutes(2));
    }

    private static string Shown(string cell) => (cell.Length <= Format.MaxCell ? cell : cell[..(Format.MaxCell - 1)] + "…").Trim();

    [Fact]
    public void A_cell_is_not_cut_within_a_character()
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        var bike = "🚲";
        Format.ConsoleOf(new AnsiConsoleOutput(output)).Write(Format.Columns("x").Row("a" + string.Concat(Enumerable.Repeat(bike, 300))));
        Assert.Contains(bike + "…", output.ToString());
    }
}
