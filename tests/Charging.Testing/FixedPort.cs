using System.Net;
using System.Net.Sockets;

namespace Charging.Testing;

/// <summary>
/// Ports for servers that are found at the same one after a restart. They are below those that the system gives to whoever
/// asks for any, or for a connection: one of these might take the port while the server is down.
/// </summary>
public static class FixedPort
{
    private const int First = 20_000;
    private const int Count = 12_000;
    private static int _last = Random.Shared.Next(Count);

    /// <summary>A port of 127.0.0.1 that is free, and that is given to nobody else in this process.</summary>
    public static int Take()
    {
        while (true)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _last) % Count);
            try
            {
                using var probe = new TcpListener(IPAddress.Loopback, port);
                probe.Start();
                return port;
            }
            catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // By another process.
            }
        }
    }
}
