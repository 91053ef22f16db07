using Charging.Server.Calls;

namespace Charging.Server.Payments;

/// <summary>Asks the provider whether something was paid. The client's word counts for nothing (contract sections 7 and 10).</summary>
public sealed class PaymentCheck(IPaymentProvider provider, TimeProvider clock)
{
    // The provider's books may lag behind what the phone was told, so it is asked at 0, 1, 2, 4 and 8 s.
    private static readonly TimeSpan[] Pauses =
    [
        TimeSpan.Zero, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4),
    ];

    /// <summary>What the provider says was paid, in fen; 订单未支付 when it does not know of a payment, or has sent it back, 402 when it cannot be trusted.</summary>
    /// <exception cref="ProviderUnavailableException">It gave no answer at the last asking.</exception>
    public async Task<Result<long>> AskAsync(string orderNo, long saidFen, CancellationToken cancellationToken)
    {
        ProviderUnavailableException? silent = null;
        foreach (var pause in Pauses)
        {
            if (pause > TimeSpan.Zero)
                await Task.Delay(pause, clock, cancellationToken);
            try
            {
                var answer = await provider.QueryAsync(orderNo, saidFen, cancellationToken);
                silent = null;
                if (answer.State == PaymentState.Paid)
                    return answer.PaidFen > 0 ? answer.PaidFen : ResultCode.SystemError;
                if (answer.State == PaymentState.Refunded)
                    return ResultCode.OrderUnpaid;
            }
            catch (ProviderUnavailableException fault)
            {
                silent = fault;
            }
            catch (UntrustedAnswerException)
            {
                return ResultCode.SystemError;
            }
        }
        return silent is null ? ResultCode.OrderUnpaid : throw silent;
    }
}
