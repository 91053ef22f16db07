using Charging.Server.Calls;

namespace Charging.Server.Payments;

/// <summary>
/// Asks the provider whether something was paid. The client's word counts for nothing (contract sections 7 and 10). However often
/// and at how many places a rider asks, the provider is asked <see cref="PaymentOptions.MaxQueriesPerMinute"/> times a minute.
/// </summary>
public sealed partial class PaymentCheck(
    IPaymentProvider provider, RateLimits limits, PaymentOptions options, TimeProvider clock, ILogger<PaymentCheck> logger)
{
    // The provider's books may lag behind what the phone was told, so it is asked at 0, 1, 2, 4 and 8 s.
    private static readonly TimeSpan[] Pauses =
    [
        TimeSpan.Zero, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4),
    ];

    private readonly RateLimit<string> _queries = limits.Create<string>("payment-queries", options.MaxQueriesPerMinute, TimeSpan.FromMinutes(1));

    // What was paid stays paid: a thousand callers at once have one answer, also those whose turn comes after it.
    private readonly SharedCalls<(string OrderNo, long SaidFen), Result<long>> _rounds = new(clock, lasts: answer => answer.IsOk);
    private int _hasWarned;

    /// <summary>
    /// What the provider says was paid, in fen; 订单未支付 when it does not know of a payment, or has sent it back, 402 when it cannot
    /// be trusted, 5000 when it was asked too often about this order.
    /// </summary>
    /// <param name="orderNo">The order or top-up.</param>
    /// <param name="saidFen">What the caller says was paid, in fen.</param>
    /// <param name="isPrepaid">Whether this server has made a payment for it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ProviderUnavailableException">It gave no answer at the last asking.</exception>
    public async Task<Result<long>> AskAsync(string orderNo, long saidFen, bool isPrepaid, CancellationToken cancellationToken)
    {
        var answer = await JoinAsync(orderNo, saidFen, cancellationToken);
        // A round that began before this caller came may have ended before what the caller has paid was known.
        if (!answer.IsOwn && ReferenceEquals(answer.Value.Code, ResultCode.OrderUnpaid))
            answer = await JoinAsync(orderNo, saidFen, cancellationToken);
        if (answer.Value.IsOk)
            WarnOfAnotherService(orderNo, isPrepaid);
        return answer.Value;
    }

    private Task<SharedAnswer<Result<long>>> JoinAsync(string orderNo, long saidFen, CancellationToken cancellationToken) =>
        _rounds.AskAsync((orderNo, saidFen), () => AskRoundAsync(orderNo, saidFen), cancellationToken);

    private async Task<Result<long>> AskRoundAsync(string orderNo, long saidFen)
    {
        Result<long> answer = ResultCode.Busy;
        ProviderUnavailableException? silent = null;
        foreach (var pause in Pauses)
        {
            if (pause > TimeSpan.Zero)
                await Task.Delay(pause, clock);
            if (!_queries.TryTake(orderNo))
                break;
            try
            {
                var payment = await provider.QueryAsync(orderNo, saidFen, CancellationToken.None);
                silent = null;
                if (payment.State == PaymentState.Paid)
                    return payment.PaidFen > 0 ? payment.PaidFen : ResultCode.SystemError;
                answer = ResultCode.OrderUnpaid;
                if (payment.State == PaymentState.Refunded)
                    break;
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
        return silent is null ? answer : throw silent;
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
