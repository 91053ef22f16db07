using System.CommandLine;
using Charging.Ops.V1;
using Spectre.Console;

namespace Charging.Client.Cli.Commands;

/// <summary>`report`.</summary>
internal static class Report
{
    private static readonly Option<ReportGroup> Group = new Option<ReportGroup>("--by") { Description = "What a row stands for.", DefaultValueFactory = _ => ReportGroup.Day }.ByName();
    private static readonly Option<string> From = new("--from") { Description = "First day, such as 2019-12-04; 30 days before the last one by default.", HelpName = "day" };
    private static readonly Option<string> To = new("--to") { Description = "Last day; today by default.", HelpName = "day" };
    private static readonly Option<string> Pile = new("--pile") { Description = "Only this pile.", HelpName = "device-no" };
    private static readonly Option<string> Station = new("--station") { Description = "Only this station.", HelpName = "station-id" };
    private static readonly Option<int> Limit = Pages.Limit();

    /// <summary>Makes the command.</summary>
    public static Command Make() => new Command("report", "Adds up orders, energy and money by day, hour, station or pile. Days are those of Asia/Shanghai.")
    {
        Group, From, To, Pile, Station, Limit,
    }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        var (parse, total) = (session.Parse, new ReportRow());
        var (rows, rest) = await Pages.ReadAsync<ReportRow>(parse.GetValue(Limit), async (size, token) =>
        {
            var request = new GetReportRequest
            {
                PageSize = size,
                PageToken = token,
                Group = parse.GetValue(Group),
                FromDay = parse.GetValue(From) ?? "",
                ToDay = parse.GetValue(To) ?? "",
                DeviceNo = parse.GetValue(Pile) ?? "",
                StationId = parse.GetValue(Station) ?? "",
            };
            var page = await session.Reports.GetReportAsync(request, cancellationToken: cancel);
            total = page.Total;
            return (page.Rows, page.NextPageToken);
        });
        session.Write(new GetReportResponse { Rows = { rows }, Total = total, NextPageToken = rest }, console => Write(console, rows, total, rest, parse.GetValue(Group) == ReportGroup.Hour));
        return 0;
    }

    private static void Write(IAnsiConsole console, List<ReportRow> rows, ReportRow total, string rest, bool byHour)
    {
        var table = Format.Columns("", "orders", "failed starts", "kWh", "hours", "paid ¥", "earned ¥", "given back ¥");
        foreach (var row in rows)
            Add(table, Format.OrNone(row.Day + (byHour ? FormattableString.Invariant($" {row.Hour:00}:00") : "") + row.StationId + row.DeviceNo), row);
        Add(table, "total", total);
        console.Write(table);
        console.Line(Pages.Foot(rows.Count, rest, "rows"));
    }

    private static void Add(Table table, string name, ReportRow row) => table.Row(
        name,
        Format.Number(row.Orders),
        Format.Number(row.FailedStarts),
        FormattableString.Invariant($"{row.EnergyWh / 1000m:0.00}"),
        FormattableString.Invariant($"{row.Seconds / 3600m:0.0}"),
        Format.Yuan(row.PaidFen),
        Format.Yuan(row.RevenueFen),
        Format.Yuan(row.RefundedFen));
}
