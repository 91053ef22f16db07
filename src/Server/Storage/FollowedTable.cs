namespace Charging.Server.Storage;

/// <summary>
/// A table that an <see cref="IStoreObserver"/> follows. On an engine that several nodes share, what one node changes in it
/// is told to the others.
/// </summary>
/// <param name="Table">The table.</param>
/// <param name="Missed">How a node finds what it was not told, because the word was lost.</param>
public readonly record struct FollowedTable(ITable Table, Missed Missed)
{
    /// <summary>Whether a node remembers every row of it.</summary>
    public bool IsKnownWhole => Missed is Missed.ComparedOften or Missed.Compared;
}

/// <summary>How a node finds what it was not told of a followed table.</summary>
public enum Missed
{
    /// <summary>Not at all: the table is history, and whoever waits for a row of it asks again.</summary>
    Lost,

    /// <summary>By the rows that were written since, once it hears the others again. What was deleted is not found.</summary>
    Since,

    /// <summary>By comparing the table with what it knows, once it hears the others again.</summary>
    Compared,

    /// <summary>By comparing, then and every half a minute: for small tables.</summary>
    ComparedOften,
}
