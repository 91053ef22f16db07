using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Charging.Bench;

/// <summary>
/// A mini-program's side of the routes, in HTTP/1.1 on bare sockets that are kept open: a client library costs more of the
/// processor that the server is measured on.
/// </summary>
internal sealed class JsonClient(int httpPort) : IDisposable
{
    private readonly ConcurrentBag<Connection> _idle = [];

    /// <summary>Calls a route, and gives what is in the answer's `data`.</summary>
    /// <exception cref="InvalidOperationException">The answer's code is not 200.</exception>
    public async Task<JsonElement> PostAsync(string route, object body, string token)
    {
        var answer = JsonSerializer.Deserialize<JsonElement>(await CallAsync(route, JsonSerializer.SerializeToUtf8Bytes(body), token));
        return answer.GetProperty("code").GetInt32() == 200
            ? answer.TryGetProperty("data", out var data) ? data : default
            : throw new InvalidOperationException($"{route}: {answer}");
    }

    /// <summary>Calls a route with a body that is written already, and reads no more of the answer than its code.</summary>
    /// <exception cref="InvalidOperationException">The answer's code is not 200.</exception>
    public async Task ReadAsync(string route, byte[] body, string token)
    {
        var answer = await CallAsync(route, body, token);
        if (answer.AsSpan().IndexOf("\"code\":200"u8) < 0 && answer.AsSpan().IndexOf("\"code\": 200"u8) < 0)
            throw new InvalidOperationException($"{route}: {Encoding.UTF8.GetString(answer)}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var connection in _idle)
            connection.Dispose();
    }

    private async Task<byte[]> CallAsync(string route, byte[] body, string token)
    {
        if (!_idle.TryTake(out var connection))
            connection = await Connection.OpenAsync(httpPort);
        var head = $"POST /wechat/smallapplet/{route} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {token}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n";
        var answer = await connection.CallAsync([.. Encoding.ASCII.GetBytes(head), .. body]);
        _idle.Add(connection);
        return answer;
    }

    /// <summary>One connection, for one caller at a time.</summary>
    private sealed class Connection(Socket socket) : IDisposable
    {
        private byte[] _buffer = new byte[4096];

        public static async Task<Connection> OpenAsync(int port)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return new Connection(socket);
        }

        /// <summary>Sends a request, and gives the body of its answer.</summary>
        /// <exception cref="InvalidOperationException">The server has hung up, or answers with another status than 200.</exception>
        public async Task<byte[]> CallAsync(byte[] request)
        {
            await socket.SendAsync(request);
            for (var filled = 0; ;)
            {
                if (filled == _buffer.Length)
                    Array.Resize(ref _buffer, 2 * filled);
                var count = await socket.ReceiveAsync(_buffer.AsMemory(filled));
                if (count == 0)
                    throw new InvalidOperationException("The server has hung up.");
                filled += count;
                if (BodyOf(_buffer.AsSpan(0, filled)) is { } body)
                    return body;
            }
        }

        public void Dispose() => socket.Dispose();

        /// <summary>The body of an answer; null when it is not all there yet.</summary>
        private static byte[]? BodyOf(ReadOnlySpan<byte> answer)
        {
            var end = answer.IndexOf("\r\n\r\n"u8);
            if (end < 0)
                return null;
            var head = Encoding.ASCII.GetString(answer[..(end + 2)]);
            var body = answer[(end + 4)..];
            if (!head.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal))
                throw new InvalidOperationException(head);
            const string Length = "\r\nContent-Length: ";
            var at = head.IndexOf(Length, StringComparison.OrdinalIgnoreCase);
            if (at < 0)
                return Joined(body);
            var length = int.Parse(head.AsSpan(at + Length.Length, head.IndexOf('\r', at + 2) - at - Length.Length));
            return body.Length < length ? null : body[..length].ToArray();
        }

        /// <summary>The chunks of a body that is sent in chunks; null when they are not all there yet.</summary>
        private static byte[]? Joined(ReadOnlySpan<byte> chunks)
        {
            var joined = new List<byte>();
            while (chunks.IndexOf("\r\n"u8) is >= 0 and var line)
            {
                var length = int.Parse(chunks[..line], System.Globalization.NumberStyles.HexNumber);
                if (chunks.Length < line + length + 4)
                    return null;
                if (length == 0)
                    return [.. joined];
                joined.AddRange(chunks.Slice(line + 2, length));
                chunks = chunks[(line + length + 4)..];
            }
            return null;
        }
    }
}
