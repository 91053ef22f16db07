using Charging.Server.Storage;

namespace Charging.Server.Moving;

/// <summary>Why a store must not be served.</summary>
public enum MoveState
{
    /// <summary>It was exported, and lives on elsewhere.</summary>
    Moved,

    /// <summary>An import was begun and has not come to its end: what is there is a part.</summary>
    Importing,

    /// <summary>A trial was imported: the store that it was taken from is the true one.</summary>
    Trial,
}

/// <summary>A store with it is not served.</summary>
public sealed record MoveMark
{
    /// <summary>The key of the one mark that there may be.</summary>
    public const string Key = "store";

    /// <summary>What happened to the store.</summary>
    public required MoveState State { get; init; }

    /// <summary>When, UTC.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Where it is kept.</summary>
    public static readonly Table<MoveMark> Table = new("store_moves", StoreJson.Default.MoveMark, _ => Key, isResident: true);
}
