using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Charging.MqttBroker;

/// <summary>
/// The network that a client connects from, as far as one operator is likely to have all of it: the /24 of an IPv4 address, the
/// /48 of an IPv6 address. All that has no IP address is one network.
/// </summary>
internal readonly record struct ClientNetwork(AddressFamily Family, ulong Prefix)
{
    /// <summary>The network of an address.</summary>
    public static ClientNetwork Of(EndPoint? endPoint)
    {
        if (endPoint is not IPEndPoint { Address: var address })
            return default;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetwork
            ? new ClientNetwork(address.AddressFamily, BinaryPrimitives.ReadUInt32BigEndian(bytes) >> 8)
            : new ClientNetwork(address.AddressFamily, BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16);
    }
}
