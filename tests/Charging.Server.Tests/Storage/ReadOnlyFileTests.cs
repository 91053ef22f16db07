using Charging.Server.Storage.LiteDb;
using Xunit;

namespace Charging.Server.Tests.Storage;

/// <summary>A file that is read and never written.</summary>
public sealed class ReadOnlyFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public ReadOnlyFileTests() => File.WriteAllBytes(_path, "abcdefgh"u8);

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void What_is_written_is_read_again_and_is_not_in_the_file()
    {
        using var file = new ReadOnlyFile(_path);
        file.Write(2, "XYZ"u8);
        file.Write(4, "1"u8);
        file.Write(10, "!"u8);

        Assert.Equal((11, "abXY1fgh\0\0!"), (file.Length, Read(file, 0, 20)));
        Assert.Equal("Y1f", Read(file, 3, 3));
        file.SetLength(4);
        Assert.Equal("abXY", Read(file, 0, 20));
        Assert.Equal("abcdefgh", File.ReadAllText(_path));
    }

    [Fact]
    public void One_that_is_not_there_is_empty_and_is_not_made()
    {
        using var file = new ReadOnlyFile(_path + ".none");

        Assert.Equal((0, ""), (file.Length, Read(file, 0, 20)));
        Assert.False(File.Exists(_path + ".none"));
    }

    private static string Read(ReadOnlyFile file, long offset, int count)
    {
        var buffer = new byte[count];
        return System.Text.Encoding.ASCII.GetString(buffer, 0, file.Read(offset, buffer));
    }
}
