using System.Net;
using Grpc.Core;

namespace Charging.Server.Calls;

/// <summary>Where the methods find their caller.</summary>
public static class CallerExtensions
{
    /// <summary>The rider who calls. Always there in a method that needs a token.</summary>
    /// <exception cref="InvalidOperationException">The method needs no token and the call has none.</exception>
    public static Caller Caller(this ServerCallContext context) =>
        context.GetHttpContext().Items[typeof(Caller)] as Caller
        ?? throw new InvalidOperationException($"{context.Method} asks for its caller but is open to callers without a token.");

    /// <summary>The address that the call comes from; behind a trusted proxy the one that it forwards.</summary>
    public static IPAddress? Address(this ServerCallContext context) => context.GetHttpContext().Connection.RemoteIpAddress;
}
