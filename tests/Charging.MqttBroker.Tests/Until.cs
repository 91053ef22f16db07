using System.Diagnostics;

namespace Charging.MqttBroker.Tests;

/// <summary>Waits for a named condition instead of for a time.</summary>
internal static class Until
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static Task True(string what, Func<bool> condition) => True(what, () => Task.FromResult(condition()));

    public static async Task True(string what, Func<Task<bool>> condition)
    {
        var started = Stopwatch.GetTimestamp();
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
                throw new TimeoutException($"Waited in vain for: {what}.");
            await poll.WaitForNextTickAsync();
        }
    }

    /// <summary>The result of a task, or a failure that says what did not come.</summary>
    public static async Task<T> Done<T>(string what, Task<T> task)
    {
        try
        {
            return await task.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Waited in vain for: {what}.");
        }
    }
}
