using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Charging.MqttBroker.Tests;

/// <summary>Connects all the time, from addresses of one network, and says nothing.</summary>
internal sealed class SilentAttack : IAsyncDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);
    private readonly CancellationTokenSource _end = new();
    private readonly Queue<Socket> _open = [];
    private readonly Task _running;

    private SilentAttack(int port, int rate) => _running = Task.Run(() => RunAsync(port, rate));

    /// <summary>Whether it goes on.</summary>
    public bool IsRunning => !_running.IsCompleted;

    /// <param name="port">The broker's.</param>
    /// <param name="rate">Connections a second.</param>
    public static SilentAttack Start(int port, int rate) => new(port, rate);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        while (_open.TryDequeue(out var socket))
            socket.Dispose();
        _end.Dispose();
    }

    private async Task RunAsync(int port, int rate)
    {
        var began = Stopwatch.GetTimestamp();
        for (var number = 0; !_end.IsCancellationRequested; await Task.Delay(Step))
        {
            for (; number < rate * Stopwatch.GetElapsedTime(began).TotalSeconds; number++)
                await ConnectAsync(port, IPAddress.Parse($"127.0.1.{number % 250 + 1}"));
            // The broker closes each within its connect timeout of 5 s.
            while (_open.Count > 10 * rate)
                _open.Dequeue().Dispose();
        }
    }

    private async Task ConnectAsync(int port, IPAddress from)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { LingerState = new LingerOption(true, 0) };
        _open.Enqueue(socket);
        try
        {
            socket.Bind(new IPEndPoint(from, 0));
            await socket.ConnectAsync(IPAddress.Loopback, port);
        }
        catch (SocketException)
        {
            // Displaced before it knew that it was connected.
        }
    }
}
