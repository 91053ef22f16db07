using System.Collections.Concurrent;
using Charging.Server.Payments;
using Charging.Server.Tests.Payments;

namespace Charging.Server.Tests.Attack;

/// <summary>A provider whose books lag behind, or that takes its time.</summary>
internal sealed class AwkwardProvider : TestProvider
{
    private readonly TaskCompletionSource _letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, int> _askings = new();
    private int _closing;

    public ConcurrentDictionary<string, long> Paid { get; } = new();

    public bool Confirms { get; init; }

    public bool ClosesSlowly { get; set; }

    public long? Holds { get; set; }

    public int Closing => Volatile.Read(ref _closing);

    public int Askings(string orderNo) => _askings.GetValueOrDefault(orderNo);

    public void LetGo() => _letGo.TrySetResult();

    public override async Task<PaymentAnswer> QueryAsync(string orderNo, long? expectedFen, CancellationToken cancellationToken)
    {
        _askings.AddOrUpdate(orderNo, 1, (_, askings) => askings + 1);
        if (expectedFen is { } held && held == Holds)
            await _letGo.Task.WaitAsync(cancellationToken);
        if (Confirms && expectedFen is { } fen)
            Paid.TryAdd(orderNo, fen);
        return Paid.TryGetValue(orderNo, out var paid) ? new PaymentAnswer(PaymentState.Paid, paid) : new PaymentAnswer(PaymentState.NotPaid);
    }

    public override async Task CloseAsync(string orderNo, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _closing);
        if (ClosesSlowly)
            await _letGo.Task.WaitAsync(cancellationToken);
    }
}
