using System.Net;
using Charging.Server.Telemetry;

namespace Charging.Server.Operations;

/// <summary>Calls that came without a valid operator key: counted, and logged once a minute with the addresses that they came from.</summary>
internal sealed partial class FailedSignIns : IDisposable
{
    private const int MaxAddresses = 1000;
    private const int MaxNamed = 5;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly ILogger<FailedSignIns> _logger;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _byAddress = [];
    private int _count;

    /// <summary>Makes the counter.</summary>
    public FailedSignIns(TimeProvider clock, ILogger<FailedSignIns> logger)
    {
        _logger = logger;
        _timer = clock.CreateTimer(_ => Write(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Counts a call.</summary>
    public void Add(HttpContext context)
    {
        ServerMeter.OperatorSignInsFailed.Add(1);
        var address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        lock (_lock)
        {
            if (_count++ == 0)
                _timer.Change(Interval, Timeout.InfiniteTimeSpan);
            if (_byAddress.Count < MaxAddresses || _byAddress.ContainsKey(address))
                _byAddress[address] = _byAddress.GetValueOrDefault(address) + 1;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Write()
    {
        lock (_lock)
        {
            var most = _byAddress.OrderByDescending(pair => pair.Value).Take(MaxNamed).Select(pair => $"{pair.Key} ({pair.Value})");
            LogFailed(_count, _byAddress.Count, string.Join(", ", most));
            _byAddress.Clear();
            _count = 0;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Calls without a valid operator key in the last minute: {Count}, from {Addresses} addresses, most from {Most}.")]
    private partial void LogFailed(int count, int addresses, string most);
}
