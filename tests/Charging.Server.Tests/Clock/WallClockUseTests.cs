using System.Text.RegularExpressions;
using Charging.Server.Tests.Documents;
using Xunit;

namespace Charging.Server.Tests.Clock;

/// <summary>
/// The wall clock is for dates, which people and other machines read. How long something takes or waits in this process is
/// measured by the monotonic one (<c>GetTimestamp</c>), and since a date of the store by <c>ITransaction.Since</c>.
/// </summary>
public sealed partial class WallClockUseTests
{
    /// <summary>Who reads the wall clock, and what for.</summary>
    private static readonly Dictionary<string, string> Uses = new()
    {
        ["Accounts/Ownership.cs"] = "a migration dates logins",
        ["Accounts/Sms/TencentSmsSender.cs"] = "the vendor compares it with its own",
        ["Accounts/Sms/WebhookSmsSender.cs"] = "the receiver compares it with its own",
        ["Accounts/TokenIndex.cs"] = "tokens end on a day",
        ["Clock/ClockWatch.cs"] = "it is what is watched",
        ["Moving/StoreExport.cs"] = "when a file was written",
        ["Operations/Backups.cs"] = "when a backup was taken",
        ["Operations/LedgerOpsRpc.cs"] = "which day it is",
        ["Operations/PileViews.cs"] = "reservations end at a date, which follows the clock",
        ["Operations/ReportOpsRpc.cs"] = "which day it is",
        ["Operations/StationOpsRpc.cs"] = "operators pause until a date",
        ["Operations/SystemRpc.cs"] = "operators compare it with their own",
        ["Orders/PileEvents.cs"] = "when something was, by how long ago it was",
        ["Orders/StatusCheck.cs"] = "without the steps since a date",
        ["Payments/SandboxPaymentProvider.cs"] = "it looks like WeChat's",
        ["Payments/WeChatPay/PlatformKeys.cs"] = "signatures and certificates have dates",
        ["Payments/WeChatPay/WeChatPayProvider.cs"] = "WeChat compares it with its own",
        ["Payments/WeChatPay/WeChatPayTransport.cs"] = "WeChat compares it with its own",
        ["Piles/Board.cs"] = "when a pile was heard, for operators",
        ["Piles/EventCleanup.cs"] = "it is done at night",
        ["Piles/PileCommands.cs"] = "piles are told the time",
        ["Piles/PileStates.cs"] = "reservations end at a date, which follows the clock",
        ["Storage/LiteDb/Batch.cs"] = "operations write dates",
        ["Storage/LiteDb/LiteDbOpener.cs"] = "when a store was restored",
        ["Storage/PostgreSql/NodeClock.cs"] = "it is compared with the database's",
        ["Storage/PostgreSql/PostgreSqlStore.cs"] = "operations write dates",
        ["Telemetry/ChargeTraces.cs"] = "traces have dates",
        ["Telemetry/TraceInterceptor.cs"] = "traces have dates",
    };

    /// <summary>Operations that compare a date of the store with theirs, and why the steps of the clock between them do no harm.</summary>
    private static readonly Dictionary<string, string> Differences = new()
    {
        ["Accounts/Upkeep.cs"] = "days",
        ["Orders/BalancePayment.cs"] = "the order keeps its price for an hour, and nothing is paid yet",
        ["Orders/CardSwipes.cs"] = "the swipe's date was made for this operation",
        ["Orders/CardTravel.cs"] = "the swipe's date was made for this operation",
        ["Orders/Ends.cs"] = "the event's date was made for this operation",
        ["Orders/StatusSettlement.cs"] = "the difference is the pile's",
        ["Piles/EventCleanup.cs"] = "days",
    };

    [Fact]
    public void The_wall_clock_is_read_for_dates_alone() => Assert.Equal(Uses.Keys.Order(StringComparer.Ordinal), FilesWith(WallClock()));

    [Fact]
    public void Operations_measure_no_time_by_the_difference_of_dates() => Assert.Equal(Differences.Keys.Order(StringComparer.Ordinal), FilesWith(Difference()));

    [Fact]
    public void The_broker_never_reads_the_wall_clock() =>
        Assert.DoesNotContain(Repository.Files("src/MqttBroker", "*.cs"), file => WallClock().IsMatch(Repository.Read(file)));

    private static IEnumerable<string> FilesWith(Regex what) => Repository.Files("src/Server", "*.cs")
        .Where(file => what.IsMatch(Repository.Read(file)))
        .Select(file => file["src/Server/".Length..])
        .Order(StringComparer.Ordinal);

    [GeneratedRegex(@"GetUtcNow|UtcNow\b|DateTime(Offset)?\.Now\b")]
    private static partial Regex WallClock();

    [GeneratedRegex(@"tx\.Now - ")]
    private static partial Regex Difference();
}
