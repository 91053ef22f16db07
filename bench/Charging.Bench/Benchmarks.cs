using System.Globalization;

namespace Charging.Bench;

/// <summary>The index of the benchmarks. Not named Program: that is the server, which they run.</summary>
internal static class Benchmarks
{
    public static async Task<int> Main(string[] args) => args switch
    {
        ["read", .. var rest] => await ReadBench.RunAsync(rest),
        ["orders", .. var rest] => await OrderBench.RunAsync(rest),
        ["orders-pg", .. var rest] => await PostgreSqlOrderBench.RunAsync(rest),
        ["piles", .. var rest] => await PileBench.RunAsync(rest),
        ["commands", .. var rest] => await CommandBench.RunAsync(rest),
        ["records", .. var rest] => await RecordBench.RunAsync(rest),
        ["start", .. var rest] => await StartBench.RunAsync(rest),
        ["nodes", .. var rest] => await NodesBench.RunAsync(rest),
        ["peer", .. var rest] => await PeerBench.RunAsync(rest),
        ["server", .. var rest] => await ServerHost.RunAsync(rest),
        ["fleet", var port] => await Fleet.RunAsync(int.Parse(port, CultureInfo.InvariantCulture)),
        ["status", .. var rest] => await StatusIntake.RunAsync(rest),
        ["backup", .. var rest] => await BackupBench.RunAsync(rest),
        ["store", .. var rest] => await StoreBench.RunAsync(rest),
        _ => Usage(),
    };

    private static int Usage()
    {
        Console.Error.WriteLine("""
            dotnet run -c Release --project bench/Charging.Bench -- <what>
              read [seconds] [rounds]    P1: getPileStatus against a bare endpoint (needs wrk)
              orders [seconds] [rounds]  P2: whole durable orders against a batch of one
              orders-pg [seconds] [rounds]  P3: whole durable orders on PostgreSQL, against pgbench -N
              status [seconds] [rounds]  P4: pile statuses in, against Mosquitto with one subscriber
              piles [piles] [rounds]     P5: memory and getPileStatus with a fleet connected
              commands [piles] [seconds] [rounds]  P6: start command to result with a fleet connected
              records [orders] [seconds] [rounds]  P7: getOrderRecord, deep in a long list, among many orders
              start [orders] [rounds]    P8: from process start to the first answer, with many orders
              nodes [seconds] [rounds]   P9: whole durable orders on two nodes that share a PostgreSQL and a Mosquitto, against one
              peer [seconds] [rounds]    P10: reads and orders against Fastify, aedes and SQLite (needs wrk and npm)
              backup [rows] [rounds]     how long operations wait while a backup is taken
              store [seconds] [rounds]   P2b: store operations against pgbench -N
            """);
        return 1;
    }
}
