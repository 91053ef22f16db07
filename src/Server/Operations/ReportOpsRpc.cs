using System.Globalization;
using Charging.MqttBroker;
using Charging.Ops.V1;
using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>charging.ops.v1.ReportService.</summary>
internal sealed class ReportOpsRpc(IStore store, PileRegistry registry, TimeProvider clock) : ReportService.ReportServiceBase
{
    private const int MostDays = 92;
    private const int DefaultDays = 30;
    private const string DayForm = "yyyy-MM-dd";

    /// <inheritdoc/>
    public override async Task<GetReportResponse> GetReport(GetReportRequest request, ServerCallContext context)
    {
        var cursor = Paging.Read(request.PageSize, request.PageToken);
        var device = request.DeviceNo.Length == 0 ? (DeviceNo?)null : request.DeviceNo.ToDeviceNo();
        var station = request.StationId.ToStation();
        var group = System.Enum.IsDefined(request.Group) ? request.Group : throw Refusal.Invalid($"group is {(int)request.Group}: give a value of ReportGroup.");
        var (from, to) = ReadDays(request);
        var (rows, total) = (new SortedDictionary<string, ReportRow>(StringComparer.Ordinal), new ReportRow());
        await foreach (var figures in FiguresAsync(from, to, context.CancellationToken))
        {
            var at = registry.Find(figures.Device)?.Station ?? "";
            if ((device is not null && figures.Device != device) || (station is not null && at != station))
                continue;
            foreach (var (key, row, some) in Parts(figures, group, at))
            {
                // So that piles at no station have a key too.
                Add(rows.TryGetValue("+" + key, out var known) ? known : rows["+" + key] = row, some);
                Add(total, some);
            }
        }
        var rest = rows.Where(row => string.CompareOrdinal(row.Key, cursor.After) > 0).ToList();
        return new GetReportResponse
        {
            Rows = { rest.Take(cursor.Size).Select(row => row.Value) },
            Total = total,
            NextPageToken = rest.Count > cursor.Size ? Paging.TokenAfter(rest[cursor.Size - 1].Key) : "",
        };
    }

    /// <summary>The rows to which a pile's day adds, each with what it adds.</summary>
    private static IEnumerable<(string Key, ReportRow Row, Figures Figures)> Parts(DayFigures day, ReportGroup group, string station) => group switch
    {
        ReportGroup.Station => [(station, new ReportRow { StationId = station }, day)],
        ReportGroup.Pile => [(day.Device.ToString(), new ReportRow { DeviceNo = day.Device.ToString() }, day)],
        ReportGroup.Hour => (day.Hours ?? []).Select(hour => ($"{day.Day} {hour.Hour:D2}", new ReportRow { Day = day.Day, Hour = hour.Hour }, (Figures)hour)),
        _ => [(day.Day, new ReportRow { Day = day.Day }, day)],
    };

    private static void Add(ReportRow row, Figures figures)
    {
        row.Orders += figures.Orders;
        row.FailedStarts += figures.FailedStarts;
        row.EnergyWh += figures.EnergyWh;
        row.Seconds += figures.Seconds;
        row.PaidFen += figures.PaidFen;
        row.RevenueFen += figures.RevenueFen;
        row.RefundedFen += figures.WaivedFen;
    }

    private (DateOnly From, DateOnly To) ReadDays(GetReportRequest request)
    {
        var to = request.ToDay.Length == 0 ? ReadDay(DayFigures.DayOf(clock.GetUtcNow()), "to_day") : ReadDay(request.ToDay, "to_day");
        var from = request.FromDay.Length == 0 ? to.AddDays(-DefaultDays) : ReadDay(request.FromDay, "from_day");
        return from <= to && to.DayNumber - from.DayNumber <= MostDays
            ? (from, to)
            : throw Refusal.Invalid($"from_day and to_day are {request.FromDay} and {request.ToDay}: give a first day and a last one at most {MostDays} days later.");
    }

    private static DateOnly ReadDay(string text, string field) =>
        DateOnly.TryParseExact(text, DayForm, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.Year is > 1970 and < 9998
            ? day
            : throw Refusal.Invalid($"{field} '{Refusal.Shown(text)}' is no day: give yyyy-MM-dd, such as 2019-12-04.");

    private async IAsyncEnumerable<DayFigures> FiguresAsync(
        DateOnly from, DateOnly to, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var range = new KeyRange(Day(from), Day(to) + KeyRange.End);
        while (true)
        {
            var slice = await store.RunAsync(tx => tx.ListAsync(DayFigures.Table.ByKey, range, 200), cancellationToken);
            foreach (var figures in slice)
                yield return figures;
            if (slice.Count < 200)
                yield break;
            range = range with { From = DayFigures.KeyOf(slice[^1].Day, slice[^1].Device) + " " };
        }

        static string Day(DateOnly day) => day.ToString(DayForm, CultureInfo.InvariantCulture);
    }
}
