using Charging.Miniprogram.V1;
using Charging.Server.Calls;
using Grpc.Core;

namespace Charging.Server.Accounts;

/// <summary>Sections 1 to 3 and logout on the wire.</summary>
public sealed class AccountRpc(Codes codes, Riders riders, Tokens tokens) : AccountService.AccountServiceBase
{
    /// <inheritdoc/>
    public override Task<SendValidateCodeResponse> SendValidateCode(SendValidateCodeRequest request, ServerCallContext context) =>
        request.ToCodeRequest()
            .ThenAsync(r => codes.SendAsync(r, context.Address(), context.CancellationToken))
            .AnswerAsync<SendValidateCodeResponse>();

    /// <inheritdoc/>
    public override Task<RegisterResponse> Register(RegisterRequest request, ServerCallContext context) =>
        request.ToRegistration()
            .ThenAsync(r => riders.RegisterAsync(r.Credentials, r.WxName, context.Address(), context.CancellationToken))
            .AnswerAsync((RegisterResponse answer, string token) => answer.Data = token);

    /// <inheritdoc/>
    public override Task<LoginResponse> Login(LoginRequest request, ServerCallContext context) =>
        request.ToCredentials()
            .ThenAsync(r => riders.LoginAsync(r, context.Address(), context.CancellationToken))
            .AnswerAsync((LoginResponse answer, string token) => answer.Data = token);

    /// <inheritdoc/>
    public override Task<LogoutResponse> Logout(LogoutRequest request, ServerCallContext context) =>
        tokens.RevokeAsync(context.Caller().TokenHash).AnswerAsync<LogoutResponse>();
}
