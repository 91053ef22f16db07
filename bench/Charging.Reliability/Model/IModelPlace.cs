using Charging.Server.Storage;

namespace Charging.Reliability.Model;

/// <summary>Where the store of a journey lies. It outlives the server.</summary>
internal interface IModelPlace
{
    /// <summary>Whether the process was cut off in the middle of writing.</summary>
    bool IsCut { get; }

    /// <summary>Cuts the process off within its next writes.</summary>
    void CutAfter(int writes);

    /// <summary>The process is gone, and the next one may begin.</summary>
    void Crash(bool losesPower);

    /// <summary>Opens the store for a life of the server.</summary>
    IStore Open(World world, Life life, Random random, IReadOnlyList<IStoreObserver> observers);
}
