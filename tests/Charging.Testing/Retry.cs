namespace Charging.Testing;

/// <summary>Waits for something that happens by itself, under a name and with a deadline.</summary>
public static class Retry
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    /// <summary>Waits until a condition holds.</summary>
    /// <param name="reason">What is waited for, in words: it is the message of the failure.</param>
    /// <param name="condition">The condition.</param>
    /// <exception cref="TimeoutException">It did not hold within 20 seconds.</exception>
    public static Task Until(string reason, Func<bool> condition) => Until(reason, () => Task.FromResult(condition()));

    /// <summary>Waits until a condition holds that has to be asked for.</summary>
    /// <param name="reason">What is waited for, in words: it is the message of the failure.</param>
    /// <param name="condition">The condition.</param>
    /// <exception cref="TimeoutException">It did not hold within 20 seconds.</exception>
    public static async Task Until(string reason, Func<Task<bool>> condition)
    {
        using var timer = new PeriodicTimer(Interval);
        using var deadline = new CancellationTokenSource(Deadline);
        try
        {
            while (!await condition())
                await timer.WaitForNextTickAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw new TimeoutException($"Waited {Deadline.TotalSeconds} s in vain until {reason}.");
        }
    }
}
