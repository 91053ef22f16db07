using Charging.MqttBroker;
using Charging.Server.Calls;

namespace Charging.Server.Orders;

/// <summary>
/// How fast the store works through what one pile says of its plugs: a few plugs in an operation, some operations in a
/// second. What is more waits, at the cost of that pile alone.
/// </summary>
internal sealed class PilePace(string limit, OrderOptions options, RateLimits limits, TimeProvider clock)
{
    /// <summary>Plugs in an operation.</summary>
    public const int Plugs = 16;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly RateLimit<DeviceNo> _rate = limits.Create<DeviceNo>(limit, options.MaxStatusChecksPerSecond, Window);

    /// <summary>Waits until the next operation for a pile may run.</summary>
    public async Task WaitAsync(DeviceNo device)
    {
        while (!_rate.TryTake(device))
            await Task.Delay(Window, clock);
    }
}
