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
        StartupException or StoreOpenException => exception.Message,
        IOException { InnerException: AddressInUseException } =>
            $"{exception.Message.TrimEnd('.')}: end the program that listens there, or give another port in Kestrel:Endpoints.",
        _ => null,
    };
}
