using Charging.Server.Calls;

namespace Charging.Server.Payments;

/// <summary>Asks the provider whether something was paid. The client's word counts for nothing (contract sections 7 and 10).</summary>
public sealed partial class PaymentCheck(IPaymentProvider provider, PaymentOptions options, TimeProvider clock, ILogger<PaymentCheck> logger)
{
    // The provider's books may lag behind what the phone was told, so it is asked at 0, 1, 2, 4 and 8 s.
    private static readonly TimeSpan[] Pauses =
    [
        TimeSpan.Zero, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4),
    ];

    private int _hasWarned;

    /// <summary>What the provider says was paid, in fen; 订单未支付 when it does not know of a payment, or has sent it back, 402 when it cannot be trusted.</summary>
    /// <param name="orderNo">The order or top-up.</param>
    /// <param name="saidFen">What the caller says was paid, in fen.</param>
    /// <param name="isPrepaid">Whether this server has made a payment for it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ProviderUnavailableException">It gave no answer at the last asking.</exception>
    public async Task<Result<long>> AskAsync(string orderNo, long saidFen, bool isPrepaid, CancellationToken cancellationToken)
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
                {
                    WarnOfAnotherService(orderNo, isPrepaid);
                    return answer.PaidFen > 0 ? answer.PaidFen : ResultCode.SystemError;
                }
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

    // The sandbox takes whatever somebody says was paid.
    private void WarnOfAnotherService(string orderNo, bool isPrepaid)
    {
        if (!isPrepaid && !options.OwnPaymentService && provider is not SandboxPaymentProvider && Interlocked.Exchange(ref _hasWarned, 1) == 0)
            LogAnotherService(orderNo);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{OrderNo} was paid, but not through this server's prepay. If a payment service of your own makes payments, set Charging:Payment:OwnPaymentService=true: until then, a payment that comes after the rider has left is found by 'chargectl reconcile' alone.")]
    private partial void LogAnotherService(string orderNo);
}
