using System.Globalization;
using Charging.Server.Calls;
using Charging.Server.Payments;
using Charging.Testing;

namespace Charging.Reliability.Model;

/// <summary>How the payment provider of a journey behaves. Shares are in percent of the calls.</summary>
/// <param name="Lag">How long after a payment its own books may not show it, at most, in milliseconds.</param>
/// <param name="Silent">Calls that get no answer, before or after they took effect.</param>
/// <param name="Slow">Calls that take longer than a lease.</param>
/// <param name="Untrusted">Queries with an answer that does not prove itself.</param>
/// <param name="Refunds">Refunds that are not simply done.</param>
/// <param name="Callbacks">Payments that it tells of by itself, once or more often.</param>
public sealed record ProviderPlan(int Lag, int Silent, int Slow, int Untrusted, int Refunds, int Callbacks);

/// <summary>
/// A payment provider with books of its own, which outlive the server. It lags, falls silent before or after it has acted,
/// takes its time with refunds, refuses and closes them, and takes a payment that was under way when it was closed.
/// </summary>
internal sealed class ModelProvider(World world, ProviderPlan plan, Random random) : IPaymentProvider
{
    private static readonly TimeSpan GivesUp = TimeSpan.FromSeconds(10);

    // A payment can be confirmed for a minute more than the server says, as WeChat Pay is asked to.
    private static readonly TimeSpan ExpiryMargin = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, Transaction> _made = [];
    private readonly Dictionary<string, Payment> _payments = [];
    private readonly Dictionary<string, ModelRefund> _refunds = [];
    private readonly HashSet<string> _closed = [];

    /// <summary>Once it is calm, it answers and does what it is asked.</summary>
    public bool IsCalm { get; set; }

    /// <summary>Its own books.</summary>
    public ProviderBooks Books => new(
        _payments.ToDictionary(payment => payment.Key, payment => payment.Value.Fen),
        _refunds.Where(refund => refund.Value.IsDone(world.Scheduler.Now)).ToDictionary(refund => refund.Key, refund => refund.Value.Fen));

    /// <summary>How much went back for an order, in fen.</summary>
    public long SentBack(string orderNo) =>
        _refunds.Values.Where(refund => refund.OrderNo == orderNo && refund.IsDone(world.Scheduler.Now)).Sum(refund => refund.Fen);

    /// <summary>The operator's own payment service makes a payment under a number that has none.</summary>
    public void Make(string orderNo, long fen) => _made.TryAdd(orderNo, new Transaction(fen, null));

    /// <summary>A rider pays what was made under a number. Nothing happens when it was paid before, was closed, or has run out.</summary>
    public void Pay(string orderNo)
    {
        if (!_made.TryGetValue(orderNo, out var made) || IsOver(orderNo, made) || _payments.ContainsKey(orderNo))
            return;
        var fen = made.Fen;
        var lag = TimeSpan.FromMilliseconds(random.Next(plan.Lag + 1));
        _payments[orderNo] = new Payment(fen, world.Scheduler.Now + lag);
        world.Trace($"provider took {fen} for {orderNo}, shown after {lag.TotalMilliseconds}");
        for (var calls = random.Next(100) < plan.Callbacks ? 1 + random.Next(2) : 0; calls > 0; calls--)
            world.Scheduler.After(world.Outside, lag + TimeSpan.FromMilliseconds(random.Next(5000)), () => Tell(orderNo, fen));
    }

    private bool IsOver(string orderNo, Transaction made) => _closed.Contains(orderNo) || made.Request?.ExpiresAt + ExpiryMargin <= world.Scheduler.Now;

    // A server that is starting does not listen yet.
    private void Tell(string orderNo, long fen)
    {
        if (world.Server is { IsUp: true } server)
            server.Call(services => RiderCalls.PaymentHeardAsync(services, orderNo, fen));
    }

    public async Task<PaymentParameters> PrepayAsync(PrepayRequest payment, CancellationToken cancellationToken)
    {
        await ComeAsync(cancellationToken);
        var made = _made.GetValueOrDefault(payment.OrderNo) ?? new Transaction(payment.Fen, payment);
        if (made.Request is { } first && first.Fen != payment.Fen)
            world.Fault($"A payment of {payment.Fen} fen is to be made for {payment.OrderNo}, which was fixed at {first.Fen}.");
        if (made.Request != payment || IsOver(payment.OrderNo, made) || _payments.ContainsKey(payment.OrderNo))
            throw new PaymentRefusedException($"{payment.OrderNo} was paid, closed, or made otherwise.");
        _made[payment.OrderNo] = made;
        world.Trace($"provider is asked to make {payment.Fen} for {payment.OrderNo}");
        await GoAsync(cancellationToken);
        return new PaymentParameters("0", "", $"prepay_id={payment.OrderNo}", "RSA", "");
    }

    public async Task<PaymentAnswer> QueryAsync(string orderNo, long? expectedFen, CancellationToken cancellationToken)
    {
        await ComeAsync(cancellationToken);
        if (!IsCalm && random.Next(100) < plan.Untrusted)
            throw new UntrustedAnswerException("The signature is wrong.");
        var answer = _payments.TryGetValue(orderNo, out var payment)
            // Closed is its last word, so it does not say so of a payment that is under way.
            ? payment.ShownAt <= world.Scheduler.Now ? new PaymentAnswer(PaymentState.Paid, payment.Fen) : new PaymentAnswer(PaymentState.NotPaid)
            : new PaymentAnswer(_made.TryGetValue(orderNo, out var made) && IsOver(orderNo, made) ? PaymentState.Closed : PaymentState.NotPaid);
        await GoAsync(cancellationToken);
        return answer;
    }

    public async Task CloseAsync(string orderNo, CancellationToken cancellationToken)
    {
        await ComeAsync(cancellationToken);
        // Where nothing was made there is nothing to close.
        if (_made.ContainsKey(orderNo))
            _closed.Add(orderNo);
        await GoAsync(cancellationToken);
    }

    public async Task<RefundState> RefundAsync(RefundRequest refund, CancellationToken cancellationToken)
    {
        await ComeAsync(cancellationToken);
        var state = Refund(refund);
        world.Trace($"provider is asked to send back {refund.Fen} as {refund.No}: {state}");
        await GoAsync(cancellationToken);
        return state;
    }

    public async Task<RefundState> QueryRefundAsync(string refundNo, CancellationToken cancellationToken)
    {
        await ComeAsync(cancellationToken);
        var state = _refunds.TryGetValue(refundNo, out var refund) ? refund.State(world.Scheduler.Now) : RefundState.Unknown;
        await GoAsync(cancellationToken);
        return state;
    }

    public Task<IReadOnlyList<BillLine>?> BillAsync(DateOnly day, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<BillLine>?>(null);

    private RefundState Refund(RefundRequest request)
    {
        if (_refunds.TryGetValue(request.No, out var known))
        {
            if (known.Fen != request.Fen || known.OrderNo != request.OrderNo)
                world.Fault($"{request.No} was asked for twice, as {known.Fen} and as {request.Fen} fen.");
            return known.State(world.Scheduler.Now);
        }
        if (!_payments.TryGetValue(request.OrderNo, out var payment) || payment.Fen != request.PaidFen || request.Fen > payment.Fen)
            world.Fault($"{request.Fen} fen of a payment of {request.PaidFen} for {request.OrderNo} are to go back, which took {payment?.Fen.ToString(CultureInfo.InvariantCulture) ?? "nothing"}.");
        var kind = IsCalm || random.Next(100) >= plan.Refunds ? RefundState.Done : (RefundState)random.Next(1, 5);
        if (kind == RefundState.Refused)
            return kind;
        var takes = kind == RefundState.Done ? TimeSpan.Zero : TimeSpan.FromSeconds(random.Next(1, 3600));
        _refunds[request.No] = new ModelRefund(request.OrderNo, request.Fen, kind, world.Scheduler.Now + takes);
        return _refunds[request.No].State(world.Scheduler.Now);
    }

    private async Task ComeAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Latency(), world.Clock, cancellationToken);
        await MaybeFailAsync("did not hear", cancellationToken);
    }

    private async Task GoAsync(CancellationToken cancellationToken)
    {
        await MaybeFailAsync("did not answer", cancellationToken);
        await Task.Delay(Latency(), world.Clock, cancellationToken);
    }

    private async Task MaybeFailAsync(string how, CancellationToken cancellationToken)
    {
        if (IsCalm || random.Next(200) >= plan.Silent)
            return;
        await Task.Delay(GivesUp, world.Clock, cancellationToken);
        throw new ProviderUnavailableException($"The provider {how}.");
    }

    private TimeSpan Latency() =>
        TimeSpan.FromMilliseconds(!IsCalm && random.Next(200) < plan.Slow ? random.Next(20_000, 45_000) : random.Next(1, 200));

    /// <summary>A payment that can be made, and how the server asked for it; null when it was made without the server.</summary>
    private sealed record Transaction(long Fen, PrepayRequest? Request);

    private sealed record Payment(long Fen, DateTimeOffset ShownAt);

    /// <summary>A refund: under way until its time, and then done, or given up.</summary>
    private sealed record ModelRefund(string OrderNo, long Fen, RefundState Kind, DateTimeOffset EndsAt)
    {
        public bool IsDone(DateTimeOffset now) => State(now) == RefundState.Done;

        public RefundState State(DateTimeOffset now) => Kind switch
        {
            RefundState.Done or RefundState.Closed => Kind,
            // A person sees to what is abnormal.
            _ => EndsAt <= now ? RefundState.Done : Kind,
        };
    }
}
