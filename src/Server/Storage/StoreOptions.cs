namespace Charging.Server.Storage;

/// <summary>What the store is kept in.</summary>
public enum StoreEngine
{
    /// <summary>A file in the data directory, for one node.</summary>
    LiteDb,

    /// <summary>A PostgreSQL server, for any number of nodes.</summary>
    PostgreSql,
}

/// <summary>Which store: settings under `Charging:Store`.</summary>
public sealed record StoreOptions
{
    /// <summary>The engine.</summary>
    public StoreEngine Engine { get; init; }

    /// <summary>Whether the server is started to export its store or to import one, and serves nobody meanwhile.</summary>
    public bool Moving { get; init; }

    /// <summary>Whether the server starts although its clock is behind the time until which the store was served.</summary>
    public bool AcceptClock { get; init; }

    /// <summary>One sentence about the first setting that makes no sense; null when all do.</summary>
    public string? Complaint() => Enum.IsDefined(Engine) ? null : $"Charging:Store:Engine is {Engine}: give LiteDb or PostgreSql.";
}
