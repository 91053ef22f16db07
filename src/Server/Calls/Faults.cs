using Charging.Server.Storage;

namespace Charging.Server.Calls;

/// <summary>What a call that threw is answered (contract section 1).</summary>
public static class Faults
{
    /// <summary>
    /// <see cref="ResultCode.Busy"/> for what passes by itself: overload, shutdown, a store or provider that cannot be reached.
    /// <see cref="ResultCode.SystemError"/> for everything else, which is a bug.
    /// </summary>
    public static ResultCode CodeOf(Exception exception) => exception switch
    {
        StoreUnavailableException or ProviderUnavailableException or OperationCanceledException => ResultCode.Busy,
        _ => ResultCode.SystemError,
    };
}
