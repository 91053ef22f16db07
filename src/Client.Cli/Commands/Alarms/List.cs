using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Alarms;

/// <summary>`alarms list`.</summary>
internal static class List
{
    private static readonly Option<int> Limit = Pages.Limit();
    private static readonly Option<string> Pile = new("--pile") { Description = "Only of this pile.", HelpName = "device-no" };
    private static readonly Option<AlarmState> State = new Option<AlarmState>("--state") { Description = "Only in this state; open and acknowledged ones by default." }.ByName();
    private static readonly Option<bool> Watching = Watch.Option();

    /// <summary>Makes the command.</summary>
    public static Command Make() =>
        new Command("list", "Lists the alarms that are not cleared.") { Pile, State, Limit, Watching }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancel)
    {
        if (session.Parse.GetValue(Watching))
            return await Watch.RunAsync(session, () => session.Alarms.WatchAlarms(new WatchAlarmsRequest(), cancellationToken: cancel), message => message.Alarms.Select(Line), cancel);
        var (alarms, rest) = await Pages.ReadAsync<Alarm>(session.Parse.GetValue(Limit), async (size, token) =>
        {
            var request = new ListAlarmsRequest { PageSize = size, PageToken = token, DeviceNo = session.Parse.GetValue(Pile) ?? "", State = session.Parse.GetValue(State) };
            var page = await session.Alarms.ListAlarmsAsync(request, cancellationToken: cancel);
            return (page.Alarms, page.NextPageToken);
        });
        session.Write(new ListAlarmsResponse { Alarms = { alarms }, NextPageToken = rest }, console =>
        {
            var table = Format.Columns("alarm", "severity", "state", "raised", "cleared", "taken care of by");
            foreach (var alarm in alarms)
                table.Row(Named(alarm), Format.Name(alarm.Severity), Format.Name(alarm.State), Format.Time(alarm.RaisedAt), Format.Time(alarm.ClearedAt), Format.OrNone(alarm.AcknowledgedBy));
            console.Write(table);
            console.Line(Pages.Foot(alarms.Count, rest, "alarms"));
        });
        return 0;
    }

    // What this server has no name for is known by its number in the firmware's manual.
    private static string Named(Alarm alarm) =>
        alarm.CodeNumbers.Count == 0 ? alarm.AlarmId : $"{alarm.AlarmId} ({string.Join(", ", alarm.CodeNumbers)})";

    /// <summary>An alarm on a line.</summary>
    public static string Line(Alarm alarm) => Watch.Line((Named(alarm), 24), (Format.Name(alarm.Severity), 9), (Format.Name(alarm.State), 12), (Format.Time(alarm.RaisedAt), 19), (alarm.AcknowledgedBy, 0));
}
