using Charging.Server.Storage.LiteDb;
using Xunit;

namespace Charging.Server.Tests.Storage;

/// <summary>The barrier trusts nothing that it can see for itself.</summary>
public sealed class LogStreamTests : IDisposable
{
    private readonly ModelledDisk _disk = new(new Random(1), TimeSpan.Zero);

    public void Dispose() => _disk.Dispose();

    [Theory]
    [InlineData("none", false)]
    [InlineData("last", true)]
    [InlineData("first", false)]
    [InlineData("both", false)]
    public void Insists_on_one_commit_mark_on_the_last_page(string marked, bool isTaken)
    {
        using var file = new LogFile(_disk.Open("log"));
        var log = new LogStream(file, barrier: true);
        log.Restore(file.Recover());
        log.Write(Page(marked is "first" or "both"), 0, LogFile.PageSize);
        log.Write(Page(marked is "last" or "both"), 0, LogFile.PageSize);

        Assert.Equal(isTaken, Record.Exception(log.Seal) is null);
        Assert.Equal(isTaken ? 2 * LogFile.PageSize : 0, new LogFile(_disk.Open("log")).Recover().Length);
    }

    private static byte[] Page(bool isMarked)
    {
        var page = new byte[LogFile.PageSize];
        page[18] = isMarked ? (byte)1 : (byte)0;
        return page;
    }
}
