using Charging.Testing;
using Npgsql;

namespace Charging.Bench;

/// <summary>
/// P3: whole orders as in P2, on PostgreSQL, against PostgreSQL's own transactions with as many clients on the same server,
/// in turn. Beside it what an order costs the database: statements, transactions, and those that were run again.
/// </summary>
internal static class PostgreSqlOrderBench
{
    private const string Counters = """
        SELECT (SELECT sum(calls) FROM pg_stat_statements WHERE dbid = d.oid), d.xact_commit, d.xact_rollback
        FROM (SELECT oid, pg_stat_get_db_xact_commit(oid) xact_commit, pg_stat_get_db_xact_rollback(oid) xact_rollback
              FROM pg_database WHERE datname = current_database()) d
        """;

    private const string Statements = "SELECT calls, round(mean_exec_time::numeric, 3), left(query, 110) FROM pg_stat_statements s "
        + "JOIN pg_database d ON d.oid = s.dbid WHERE datname = current_database() ORDER BY total_exec_time DESC LIMIT 25";

    public static async Task<int> RunAsync(string[] args)
    {
        var (seconds, rounds) = (Figures.Argument(args, 0, 10), Figures.Argument(args, 1, 3));
        await using var postgres = await Pgbench.StartAsync("-c shared_preload_libraries=pg_stat_statements");
        if (postgres is null)
        {
            Console.Error.WriteLine("PostgreSQL is not installed: install the package that Debian calls postgresql.");
            return 1;
        }
        var (ours, theirs, statements) = (new List<double>(), new List<double>(), new List<double>());
        Console.WriteLine("| round | orders/s | pgbench -N tps | statements for an order | transactions | of them in vain |");
        Console.WriteLine("|---|---|---|---|---|---|");
        for (var round = 1; round <= rounds; round++)
        {
            var database = await postgres.NewDatabaseAsync();
            await ExecuteAsync(database, "CREATE EXTENSION pg_stat_statements");
            ours.Add(await OrderBench.MeasureAsync(seconds, [.. TestStore.On(database + args.ElementAtOrDefault(2))]));
            var cost = await CostAsync(database);
            theirs.Add(await postgres.MeasureAsync(OrderBench.Riders, seconds));
            statements.Add(cost.Statements);
            Console.WriteLine($"| {round} | {ours[^1]:0} | {theirs[^1]:0} | {cost.Statements:0.0} | {cost.Transactions:0.0} | {cost.InVain:0.0} % |");
            if (args.Length > 3)
                await ShowStatementsAsync(database);
        }
        var (a, b) = (Figures.Median(ours), Figures.Median(theirs));
        Figures.PrintHead();
        Figures.Print("P3", $"whole durable orders on PostgreSQL, {OrderBench.Riders} riders at once, {Figures.Median(statements):0.0} statements each", "`pgbench -N` with as many clients on the same server", $"{a:N0} orders/s and {b:N0} tps", $"{a / b:0.00}", "0.1");
        return 0;
    }

    private static async Task<(double Statements, double Transactions, double InVain)> CostAsync(string database)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var orders = new NpgsqlCommand("SELECT count(*) FROM orders", connection);
        var count = (long)(await orders.ExecuteScalarAsync())!;
        await using var command = new NpgsqlCommand(Counters, connection);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        var (statements, commits, rollbacks) = ((double)reader.GetDecimal(0), (double)reader.GetInt64(1), (double)reader.GetInt64(2));
        return (statements / count, (commits + rollbacks) / count, 100 * rollbacks / (commits + rollbacks));
    }

    private static async Task ShowStatementsAsync(string database)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(Statements, connection);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            Console.WriteLine($"{reader.GetInt64(0),9} {reader.GetDecimal(1),8} ms  {reader.GetString(2).ReplaceLineEndings(" ")}");
    }

    private static async Task ExecuteAsync(string database, string statement)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(statement, connection);
        await command.ExecuteNonQueryAsync();
    }
}
