using Charging.Miniprogram.V1;
using Charging.Server.Accounts;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Charging.Server.Calls;

/// <summary>
/// Stands before every method of the mini-program, called over JSON or gRPC: nothing but the three methods of the accounts
/// works without a valid token, a fault becomes an answer, and no code leaves that the method's section does not list.
/// </summary>
public sealed class CallInterceptor(TokenIndex tokens, Drain drain, ILogger<CallInterceptor> logger) : Interceptor
{
    /// <inheritdoc/>
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
        context.Method.StartsWith(RouteCodes.MethodPrefix, StringComparison.Ordinal)
            ? AnswerAsync(request, context, continuation)
            : continuation(request, context);

    private async Task<TResponse> AnswerAsync<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
        where TRequest : class
        where TResponse : class
    {
        if (!drain.TryEnter())
            return Refuse<TResponse>(context, ResultCode.Busy);
        try
        {
            if (!await IdentifyAsync(context))
                return Refuse<TResponse>(context, ResultCode.Unauthenticated);
            if (request is IMessage message)
                Nulls.Clear(message);
            var answer = await continuation(request, context);
            return answer is IAnswer { Code: not 200 } refusal ? Checked(context, answer, refusal) : answer;
        }
        catch (Exception exception)
        {
            return Refuse<TResponse>(context, Judge(context, exception));
        }
        finally
        {
            drain.Leave();
        }
    }

    private async ValueTask<bool> IdentifyAsync(ServerCallContext context)
    {
        var http = context.GetHttpContext();
        var authorization = http.Request.Headers.Authorization.ToString();
        var needsNone = RouteCodes.WithoutToken.Contains(context.Method);
        var caller = tokens.Find(authorization) ?? (needsNone ? null : await tokens.FindElsewhereAsync(authorization));
        if (caller is not null)
            http.Items[typeof(Caller)] = caller;
        return caller is not null || needsNone;
    }

    private TResponse Checked<TResponse>(ServerCallContext context, TResponse answer, IAnswer refusal)
        where TResponse : class
    {
        if (!RouteCodes.Allows(context.Method, refusal.Code))
        {
            CallLog.CodeOutsideContract(logger, context.Method, refusal.Code);
            return Refuse<TResponse>(context, ResultCode.SystemError);
        }
        EnvelopeBody.Of(context)?.Refuse(refusal.Code, refusal.Message);
        return answer;
    }

    private ResultCode Judge(ServerCallContext context, Exception exception)
    {
        var code = Faults.CodeOf(exception);
        if (ReferenceEquals(code, ResultCode.SystemError))
            CallLog.Fault(logger, context.Method, exception);
        else if (!context.CancellationToken.IsCancellationRequested)
            CallLog.Unavailable(logger, context.Method, exception.Message);
        return code;
    }

    private static TResponse Refuse<TResponse>(ServerCallContext context, ResultCode code)
        where TResponse : class
    {
        var answer = Activator.CreateInstance<TResponse>();
        var envelope = (IAnswer)answer;
        (envelope.Success, envelope.Code, envelope.Message) = (false, code.Code, code.Message);
        EnvelopeBody.Of(context)?.Refuse(code.Code, code.Message);
        return answer;
    }
}
