namespace Charging.Server.Storage;

/// <summary>The store cannot be opened. The message is a sentence for the operator: which setting, and what to do.</summary>
public sealed class StoreOpenException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether it may be otherwise in a moment: a database that starts, a clock that is being set.</summary>
    public bool MayPass { get; init; }
}
