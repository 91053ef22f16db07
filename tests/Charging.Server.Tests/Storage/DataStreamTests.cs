using System.Buffers.Binary;
using Charging.Server.Storage.LiteDb;
using Xunit;

namespace Charging.Server.Tests.Storage;

/// <summary>The pages that the data stream keeps are those of the file, and are not read from it again.</summary>
public sealed class DataStreamTests : IDisposable
{
    private const int PageSize = LogFile.PageSize;

    // More than are kept.
    private const int Pages = 5_000;

    private const int ValueAt = 64;

    private readonly string _folder = Directory.CreateTempSubdirectory("charging-test-").FullName;
    private readonly CountingFile _file;
    private readonly LogFile _log;
    private readonly DataStream _stream;

    public DataStreamTests()
    {
        var disk = new DirectoryDisk(_folder);
        (_file, _log) = (new CountingFile(disk.Open("data")), new LogFile(disk.Open("log")));
        _stream = new DataStream(_file, new LogStream(_log, barrier: false)) { IsWritable = true };
    }

    public void Dispose()
    {
        _stream.Dispose();
        _log.Dispose();
        _file.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_page_is_what_was_written_last_however_many_there_are()
    {
        for (var page = 1; page < Pages; page++)
            Write(page, page);
        for (var page = 3; page < Pages; page += 3)
            Write(page, -page);
        Assert.All(Enumerable.Range(1, Pages - 1), page => Assert.Equal(page % 3 == 0 ? -page : page, Read(page)));

        _stream.SetLength(2 * PageSize);
        Assert.Null(Read(2));
        Write(2, 7);
        Assert.Equal((7, 1, null), (Read(2), Read(1), Read(3)));
    }

    [Fact]
    public void A_page_is_read_from_the_file_once()
    {
        _file.Write(2 * PageSize, Page(2, 7));
        Write(1, 5);
        Assert.Equal((5, 0), (Read(1), _file.Reads));
        Assert.Equal((7, 7, 1), (Read(2), Read(2), _file.Reads));
    }

    [Fact]
    public void A_page_that_is_not_the_one_that_was_written_is_named()
    {
        _file.Write(2 * PageSize, Page(3, 7));
        Assert.Contains("page 2", Assert.Throws<DamagedFileException>(() => Read(2)).Message);
    }

    [Fact]
    public void Nothing_but_a_whole_page_is_written()
    {
        Assert.Throws<InvalidOperationException>(() => _stream.Write(new byte[1], 0, 1));
        _stream.Position = 1;
        Assert.Throws<InvalidOperationException>(() => _stream.Write(new byte[PageSize], 0, PageSize));
        Assert.Equal(0, _file.Length);
    }

    private void Write(int page, int value)
    {
        _stream.Position = (long)page * PageSize;
        _stream.Write(Page(page, value), 0, PageSize);
    }

    /// <summary>An empty page, with a value where nobody looks.</summary>
    private static byte[] Page(int number, int value)
    {
        var bytes = new byte[PageSize];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(ValueAt + (number % 1000)), value);
        return bytes;
    }

    /// <returns>Null where the file has no such page.</returns>
    private int? Read(int page)
    {
        var bytes = new byte[PageSize];
        _stream.Position = (long)page * PageSize;
        return _stream.Read(bytes, 0, PageSize) == PageSize ? BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(ValueAt + (page % 1000))) : null;
    }

    private sealed class CountingFile(IBlockFile file) : IBlockFile
    {
        public int Reads { get; private set; }

        public long Length => file.Length;

        public int Read(long offset, Span<byte> buffer)
        {
            Reads++;
            return file.Read(offset, buffer);
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes) => file.Write(offset, bytes);

        public void SetLength(long length) => file.SetLength(length);

        public void Flush() => file.Flush();

        public void Dispose() => file.Dispose();
    }
}
