using Charging.Miniprogram.V1;
using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Storage;
using Charging.Testing;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Charging.Server.Tests.Calls;

/// <summary>What the interceptor makes of methods that misbehave.</summary>
public sealed class CallInterceptorTests
{
    private const string Login = "/charging.miniprogram.v1.AccountService/Login";
    private readonly LogCapture _log = new();

    [Fact]
    public async Task A_code_that_the_section_does_not_list_becomes_402_and_is_logged()
    {
        var answer = await CallAsync(Login, _ => Task.FromResult(Answers.Of<LoginResponse>(ResultCode.CardNotFound)));
        Assert.Equal((false, 402, "系统错误"), (answer.Success, answer.Code, answer.Message));
        Assert.Contains("4002", Assert.Single(_log.Records, r => r.Level == LogLevel.Error).Message);
    }

    [Fact]
    public async Task A_method_that_nobody_listed_needs_a_token()
    {
        var answer = await CallAsync("/charging.miniprogram.v1.NewService/New", _ => throw new InvalidOperationException("must not be called"));
        Assert.Equal(401, answer.Code);
    }

    [Theory]
    [InlineData(5000, typeof(StoreUnavailableException))]
    [InlineData(5000, typeof(ProviderUnavailableException))]
    [InlineData(5000, typeof(OperationCanceledException))]
    [InlineData(402, typeof(InvalidOperationException))]
    [InlineData(402, typeof(RpcException))]
    public async Task What_a_method_throws_becomes_an_answer(int code, Type exception)
    {
        var answer = await CallAsync(Login, _ => throw Make(exception));
        Assert.Equal(code, answer.Code);
        Assert.DoesNotContain("secret", answer.Message);
        Assert.Equal(code == 402 ? LogLevel.Error : LogLevel.Warning, Assert.Single(_log.Records).Level);
    }

    private static Exception Make(Type type) => type == typeof(RpcException)
        ? new RpcException(new Status(StatusCode.Unimplemented, "secret"))
        : type == typeof(OperationCanceledException) ? new OperationCanceledException("secret")
        : (Exception)Activator.CreateInstance(type, type == typeof(InvalidOperationException) ? ["secret"] : ["secret", null])!;

    private Task<LoginResponse> CallAsync(string method, Func<LoginRequest, Task<LoginResponse>> body)
    {
        var interceptor = new CallInterceptor(new TokenIndex(TimeProvider.System), new Drain(new ServerOptions()), new LoggerFactory([_log]).CreateLogger<CallInterceptor>());
        return interceptor.UnaryServerHandler<LoginRequest, LoginResponse>(new LoginRequest(), new Context(method), (request, _) => body(request));
    }

    /// <summary>A call without a server.</summary>
    private sealed class Context(string method) : ServerCallContext
    {
        private readonly Dictionary<object, object> _state = new() { ["__HttpContext"] = new DefaultHttpContext() };

        protected override string MethodCore => method;

        protected override string HostCore => "";

        protected override string PeerCore => "";

        protected override DateTime DeadlineCore => DateTime.MaxValue;

        protected override Metadata RequestHeadersCore => [];

        protected override CancellationToken CancellationTokenCore => CancellationToken.None;

        protected override Metadata ResponseTrailersCore => [];

        protected override Status StatusCore { get; set; }

        protected override WriteOptions? WriteOptionsCore { get; set; }

        protected override AuthContext AuthContextCore => new(null, []);

        protected override IDictionary<object, object> UserStateCore => _state;

        protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => throw new NotSupportedException();

        protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;
    }
}
