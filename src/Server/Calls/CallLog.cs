namespace Charging.Server.Calls;

/// <summary>What the calls say to the log.</summary>
internal static partial class CallLog
{
    [LoggerMessage(100, LogLevel.Error, "{Method} failed: a fault of the server, answered 402.")]
    public static partial void Fault(ILogger logger, string method, Exception exception);

    [LoggerMessage(101, LogLevel.Error, "{Method} came to code {Code}, which its section of the contract does not list; answered 402.")]
    public static partial void CodeOutsideContract(ILogger logger, string method, int code);

    [LoggerMessage(102, LogLevel.Warning, "{Method} could not be served now, answered 5000: {Reason}")]
    public static partial void Unavailable(ILogger logger, string method, string reason);

    [LoggerMessage(103, LogLevel.Error, "{Path} was answered HTTP {Status} by the framework: a fault of the server, answered 402.")]
    public static partial void FrameworkFault(ILogger logger, string path, int status);

    [LoggerMessage(104, LogLevel.Information, "Listening: {Listeners}. Data in {DataDirectory}. Environment {Environment}.")]
    public static partial void Listening(ILogger logger, string listeners, string dataDirectory, string environment);
}
