namespace Charging.Testing;

/// <summary>
/// On which engine the apps under test keep their data: LiteDB, or PostgreSQL where the environment variable
/// CHARGING_TEST_STORE says `PostgreSql`, so that the tests of the domain run on either.
/// </summary>
public static class TestStore
{
    /// <summary>Whether it is PostgreSQL.</summary>
    public static bool IsPostgreSql { get; } = Environment.GetEnvironmentVariable("CHARGING_TEST_STORE") == "PostgreSql";

    /// <summary>The settings of an app with a store of its own.</summary>
    public static async Task<IReadOnlyList<string>> SettingsAsync() =>
        IsPostgreSql ? On(await (await PostgresServer.SharedAsync()).NewDatabaseAsync()) : [];

    /// <summary>The settings of an app on a database.</summary>
    public static IReadOnlyList<string> On(string connectionString) =>
        ["--Charging:Store:Engine=PostgreSql", $"--Charging:Store:ConnectionString={connectionString}"];
}
