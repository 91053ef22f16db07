using Charging.Server.Storage;
using Microsoft.AspNetCore.Connections;

namespace Charging.Server.Calls;

/// <summary>
/// The server cannot start for a reason that its operator can mend. The message is all that they see: one sentence that
/// names the setting and what to do.
/// </summary>
public sealed class StartupException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What an operator is told when the server cannot start; null for a fault of ours.</summary>
    public static string? Complaint(Exception exception) => exception switch
    {
        StartupException or StoreOpenException or StoreUnavailableException => exception.Message,
        OutOfMemoryException => "This process may use too little memory to start: give it more, by the limit of its container or service or by DOTNET_GCHeapHardLimit. Nothing in the store was changed.",
        IOException { InnerException: AddressInUseException } =>
            $"{exception.Message.TrimEnd('.')}: end the program that listens there, or give another port in Kestrel:Endpoints.",
        _ => null,
    };
}
