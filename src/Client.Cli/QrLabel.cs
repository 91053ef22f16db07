using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Text;
using QRCoder;

namespace Charging.Client.Cli;

/// <summary>A label: a QR code, and a number of hex digits below it, in black on white.</summary>
internal sealed class QrLabel
{
    private const int Quiet = 4;
    private const int PixelsOfModule = 10;
    private const int GlyphWidth = 5;
    private const int GlyphHeight = 7;

    /// <summary>The hex digits as seven rows of five dots.</summary>
    private static readonly Dictionary<char, string[]> Glyphs = Draw("""
        .###. ..#.. .###. .###. ...#. ##### ..##. ##### .###. .###. .###. ####. .###. ###.. ##### #####
        #...# .##.. #...# #...# ..##. #.... .#... ....# #...# #...# #...# #...# #...# #..#. #.... #....
        #..## ..#.. ....# ....# .#.#. ####. #.... ...#. #...# #...# #...# #...# #.... #...# #.... #....
        #.#.# ..#.. ...#. ..##. #..#. ....# ####. ..#.. .###. .#### ##### ####. #.... #...# ####. ####.
        ##..# ..#.. ..#.. ....# ##### ....# #...# .#... #...# ....# #...# #...# #.... #...# #.... #....
        #...# ..#.. .#... #...# ...#. #...# #...# .#... #...# ...#. #...# #...# #...# #..#. #.... #....
        .###. .###. ##### .###. ...#. .###. .###. .#... .###. .##.. #...# ####. .###. ###.. ##### #....
        """);

    private readonly bool[,] _modules;
    private readonly string _number;

    private QrLabel(bool[,] modules, string text, string number) => (_modules, Text, _number) = (modules, text, number);

    /// <summary>What the code says.</summary>
    public string Text { get; }

    /// <summary>Makes a label. A quarter of the code may be scratched or dirty.</summary>
    /// <exception cref="CliException">The text is too long for a code.</exception>
    public static QrLabel Make(string text, string number)
    {
        try
        {
            using var data = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.Q);
            var size = data.ModuleMatrix.Count;
            var modules = new bool[size, size];
            for (var y = 0; y < size; y++)
            {
                for (var x = 0; x < size; x++)
                    modules[x, y] = data.ModuleMatrix[y][x];
            }
            return new QrLabel(modules, text, number);
        }
        catch (QRCoder.Exceptions.DataTooLongException)
        {
            throw new CliException("The text is too long for a QR code: shorten --text.");
        }
    }

    /// <summary>The label as SVG, which any size prints well.</summary>
    public byte[] ToSvg()
    {
        var (size, height) = (_modules.GetLength(0), _modules.GetLength(0) + Quiet + GlyphHeight);
        var path = new StringBuilder();
        for (var y = 0; y < size; y++)
        {
            for (var x = 0; x < size; x++)
            {
                if (_modules[x, y])
                    path.Append($"M{x},{y}h1v1h-1z");
            }
        }
        return Encoding.UTF8.GetBytes($"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {height}" width="{size * PixelsOfModule}" height="{height * PixelsOfModule}">
            <title>{WebUtility.HtmlEncode(Text)}</title>
            <rect width="100%" height="100%" fill="#fff"/>
            <path d="{path}" fill="#000" shape-rendering="crispEdges"/>
            <text x="{size / 2.0}" y="{size + 4}" font-family="monospace" font-size="4" text-anchor="middle" fill="#000">{WebUtility.HtmlEncode(_number)}</text>
            </svg>

            """);
    }

    /// <summary>The label as a PNG of two colours.</summary>
    public byte[] ToPng()
    {
        var width = _modules.GetLength(0) * PixelsOfModule;
        var dot = Math.Max(1, (width - (2 * Quiet * PixelsOfModule)) / (_number.Length * (GlyphWidth + 1)));
        var top = width;
        var height = top + ((GlyphHeight + 2) * dot) + PixelsOfModule;
        var left = (width - (((_number.Length * (GlyphWidth + 1)) - 1) * dot)) / 2;
        return Png(width, height, (x, y) => y < top ? _modules[x / PixelsOfModule, y / PixelsOfModule] : x >= left && IsInk((x - left) / dot, (y - top) / dot));
    }

    private bool IsInk(int x, int y)
    {
        var (place, column) = (x / (GlyphWidth + 1), x % (GlyphWidth + 1));
        return place < _number.Length && column < GlyphWidth && y < GlyphHeight && Glyphs.TryGetValue(_number[place], out var glyph) && glyph[y][column] == '#';
    }

    private static byte[] Png(int width, int height, Func<int, int, bool> isBlack)
    {
        using var pixels = new MemoryStream();
        using (var deflate = new ZLibStream(pixels, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            for (var y = 0; y < height; y++)
            {
                // Each row begins with its filter: none. A bit that is set is white.
                var row = new byte[1 + ((width + 7) / 8)];
                for (var x = 0; x < width; x++)
                    row[1 + (x / 8)] |= (byte)(isBlack(x, y) ? 0 : 0x80 >> (x % 8));
                deflate.Write(row);
            }
        }
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = 1;
        using var png = new MemoryStream();
        png.Write([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
        WriteChunk(png, "IHDR"u8, header);
        WriteChunk(png, "IDAT"u8, pixels.ToArray());
        WriteChunk(png, "IEND"u8, []);
        return png.ToArray();
    }

    private static void WriteChunk(MemoryStream png, ReadOnlySpan<byte> kind, ReadOnlySpan<byte> bytes)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, bytes.Length);
        png.Write(number);
        png.Write(kind);
        png.Write(bytes);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc(kind, bytes));
        png.Write(number);
    }

    /// <summary>CRC-32 as PNG counts it; a label is small, so bit by bit is fast enough.</summary>
    private static uint Crc(ReadOnlySpan<byte> kind, ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in (byte[])[.. kind, .. bytes])
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
        }
        return ~crc;
    }

    private static Dictionary<char, string[]> Draw(string rows)
    {
        var lines = rows.Split('\n', StringSplitOptions.TrimEntries).Select(line => line.Split(' ')).ToArray();
        return "0123456789ABCDEF".Select((digit, i) => (digit, Rows: lines.Select(line => line[i]).ToArray())).ToDictionary(g => g.digit, g => g.Rows);
    }
}
