using Charging.Server.Calls;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Charging.Server.Operations;

/// <summary>
/// Stands before every method of the operators, of whatever kind: nothing works without an operator key
/// of the role that the protos ask for, nothing is changed without a word in the audit log, nor much of it read, and a fault
/// becomes a status.
/// </summary>
internal sealed partial class OperatorInterceptor(
    SignIn signIn, BulkReads bulkReads, Listeners listeners, Drain drain, ILogger<OperatorInterceptor> logger) : Interceptor
{
    /// <summary>Begins the full name of every method of the operators.</summary>
    public const string MethodPrefix = "/charging.ops.";

    /// <inheritdoc/>
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(context, () => WaitedForAsync(() => continuation(request, context)), request);

    /// <inheritdoc/>
    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(context, () => continuation(requestStream, context));

    /// <inheritdoc/>
    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(context, () => Finish(continuation(request, responseStream, context)), request);

    /// <inheritdoc/>
    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(context, () => Finish(continuation(requestStream, responseStream, context)));

    // Streams end by themselves when the server stops.
    private async Task<T> WaitedForAsync<T>(Func<Task<T>> call)
    {
        if (!drain.TryEnter())
            throw Refusal.Of(StatusCode.Unavailable, "The server stops: call again, or another node.", Reasons.Unavailable);
        try
        {
            return await call();
        }
        finally
        {
            drain.Leave();
        }
    }

    private static async Task<bool> Finish(Task call)
    {
        await call;
        return true;
    }

    private Task<T> GuardAsync<T>(ServerCallContext context, Func<Task<T>> call, object? request = null) =>
        context.Method.StartsWith(MethodPrefix, StringComparison.Ordinal) ? ServeAsync(context, call, request as IMessage) : call();

    private async Task<T> ServeAsync<T>(ServerCallContext context, Func<Task<T>> call, IMessage? request)
    {
        Identify(context);
        if (request is not null)
            RequestCheck.Insist(request);
        try
        {
            await bulkReads.WriteAsync(context);
            var answer = await call();
            return Access.Changes(context.Method) && !Changes.WasWritten(context)
                ? throw new InvalidOperationException($"{context.Method} has changed something without a word in the audit log.")
                : answer;
        }
        catch (StoreUnavailableException e)
        {
            LogUnavailable(context.Method, e.Message);
            throw Refusal.Of(StatusCode.Unavailable, "The store cannot serve now: try again.", Reasons.Unavailable);
        }
        catch (ProviderUnavailableException e)
        {
            LogUnavailable(context.Method, e.Message);
            throw Refusal.Of(StatusCode.Unavailable, "The payment provider gives no answer: try again.", Reasons.Unavailable);
        }
        catch (UntrustedAnswerException e)
        {
            LogUnavailable(context.Method, e.Message);
            throw Refusal.Of(StatusCode.Unavailable, "The payment provider's answer cannot be trusted: look at its keys in the settings, and try again.", Reasons.Unavailable);
        }
        catch (Exception e) when (e is not RpcException && context.CancellationToken.IsCancellationRequested)
        {
            throw Refusal.Of(StatusCode.Cancelled, "The caller has gone.", Reasons.Cancelled);
        }
        catch (Exception e) when (e is not RpcException)
        {
            LogFault(context.Method, e);
            throw Refusal.Of(StatusCode.Internal, "A fault of the server: its log says more.", Reasons.Fault);
        }
    }

    private void Identify(ServerCallContext context)
    {
        var http = context.GetHttpContext();
        if (http.Connection.LocalPort != listeners.Port("Grpc") && !OpsRoutes.Covers(http.Request.Path))
            throw Refusal.Of(StatusCode.Unimplemented, $"gRPC is served on the port of Kestrel:Endpoints:Grpc: call that one, or {OpsRoutes.Prefix} on this one.", Reasons.NotServed);
        var key = signIn.Insist(http);
        var least = Access.LeastRole(context.Method);
        if (key.Role < least)
            throw Refusal.Of(StatusCode.PermissionDenied, $"This needs the role {Name(least)}, and the key '{key.Name}' has {Name(key.Role)}: ask an admin.", Reasons.RoleTooLow);
        http.Items[typeof(Operator)] = new Operator(key.Id, key.Name, key.Role);

        static string Name(OperatorRole role) => role.ToString().ToLowerInvariant();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} failed: a fault of the server, answered INTERNAL.")]
    private partial void LogFault(string method, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Method} could not be served now, answered UNAVAILABLE: {Reason}")]
    private partial void LogUnavailable(string method, string reason);
}
