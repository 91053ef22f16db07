using System.Net;
using System.Net.Sockets;

namespace Charging.Testing;

/// <summary>A wire between a node and what it depends on. Cut, it passes no bytes and closes nothing, as a network does that is broken.</summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly EndPoint _target;
    private readonly Task _running;
    private volatile TaskCompletionSource _isWhole = Whole();

    /// <summary>Lays a wire.</summary>
    /// <param name="target">Where it leads: an address, or the socket of a file.</param>
    public TcpProxy(EndPoint target)
    {
        _target = target;
        _listener.Start();
        _running = AcceptAsync();
    }

    /// <summary>The port of this end.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>From now on nothing passes.</summary>
    public void Cut() => _isWhole = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What was held up passes, and all that follows.</summary>
    public void Mend() => _isWhole.TrySetResult();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _running;
        _stop.Dispose();
    }

    private static TaskCompletionSource Whole()
    {
        var whole = new TaskCompletionSource();
        whole.SetResult();
        return whole;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptSocketAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    private async Task ServeAsync(Socket near)
    {
        using var far = new Socket(_target.AddressFamily, SocketType.Stream, _target is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified);
        using (near)
        {
            try
            {
                await far.ConnectAsync(_target, _stop.Token);
                await Task.WhenAny(PumpAsync(near, far), PumpAsync(far, near));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // The other end is away, which this end hears by the close.
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _stop.Token) is > 0 and var length)
            {
                await _isWhole.Task.WaitAsync(_stop.Token);
                for (var sent = 0; sent < length;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, length - sent), _stop.Token);
            }
            // An end does not pass a wire that is cut either.
            await _isWhole.Task.WaitAsync(_stop.Token);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One of both has gone.
        }
    }
}
