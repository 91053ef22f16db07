using Charging.Miniprogram.V1;
using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Orders;
using Grpc.Core;

namespace Charging.Server.Payments;

/// <summary>getBalance and sections 9 and 10 on the wire.</summary>
public sealed class BalanceRpc(Balances balances, TopUps topUps, OrderOptions options) : BalanceService.BalanceServiceBase
{
    /// <inheritdoc/>
    public override Task<GetBalanceResponse> GetBalance(GetBalanceRequest request, ServerCallContext context) =>
        balances.FindAsync(context.Caller())
            .AnswerAsync((GetBalanceResponse answer, User user) => answer.Data = user.ToBalance());

    /// <inheritdoc/>
    public override Task<GetBalanceOrderNoResponse> GetBalanceOrderNo(GetBalanceOrderNoRequest request, ServerCallContext context) =>
        request.ToTopUp(options.LimitFen)
            .ThenAsync(topUp => topUps.NewAsync(context.Caller(), topUp))
            .AnswerAsync((GetBalanceOrderNoResponse answer, OrderNo orderNo) => answer.Data = orderNo.ToString());

    /// <inheritdoc/>
    public override Task<AddBalanceResponse> AddBalance(AddBalanceRequest request, ServerCallContext context) =>
        request.ToTopUp(options.LimitFen)
            .ThenAsync(topUp => topUps.AddAsync(context.Caller(), topUp, context.CancellationToken))
            .AnswerAsync<AddBalanceResponse>();
}
