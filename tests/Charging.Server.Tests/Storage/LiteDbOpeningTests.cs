using System.Buffers.Binary;
using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;
using Charging.Testing;
using LiteDB;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Charging.Server.Tests.Storage;

/// <summary>A file is called damaged for a page that is not what was written, and for nothing else.</summary>
public sealed class LiteDbOpeningTests : IDisposable
{
    private const int PageSize = 8192;
    private const int Things = 300;

    private readonly ModelledDisk _disk = new(new Random(1), TimeSpan.Zero);
    private readonly LogCapture _log = new();

    public void Dispose() => _disk.Dispose();

    public static TheoryData<Exception, string> Failures => new()
    {
        { new OutOfMemoryException(), "memory" },
        { new InvalidOperationException("A wrapper.", new InsufficientMemoryException()), "memory" },
        { new UnauthorizedAccessException(), "write access" },
        { new DirectoryNotFoundException(), "write access" },
        { new FileNotFoundException("Gone.", "/data/charging.log"), "lacks charging.log" },
        { new IOException("Resource temporarily unavailable", 11), "in use by another process" },
        { new IOException("No space left on device", 28), "disk that is full" },
        { new IOException("Disk quota exceeded", 122), "disk that is full" },
        { new IOException("Too many open files", 24), "LimitNOFILE" },
        { new IOException("Input/output error", 5), "Input/output error" },
        { new NullReferenceException("A bug."), "NullReferenceException: A bug" },
        { new IndexOutOfRangeException("Another."), "IndexOutOfRangeException: Another" },
        { new LiteException(0, "One of the engine."), "LiteException: One of the engine" },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task What_fails_beside_the_file_is_not_called_damage(Exception failure, string hint)
    {
        await FillAsync();
        var whole = _disk.Read(LiteDbOpener.DataName);

        var refusal = Assert.Throws<StoreOpenException>(() => Open(new FailingDisk(_disk, failure)));

        Assert.Contains(hint, refusal.Message);
        Assert.Contains("Charging:DataDirectory", refusal.Message);
        Assert.DoesNotContain("restore a backup", refusal.Message);
        Assert.DoesNotContain("is damaged", refusal.Message);
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.Equal(whole, _disk.Read(LiteDbOpener.DataName));
    }

    [Fact]
    public async Task A_row_that_this_program_does_not_know_is_named_and_is_no_damage()
    {
        await using (var store = Open())
            await store.RunAsync(Put(Tables.Residents, new Counter("seven", 7)));
        var other = new Table<string>("residents", TestJson.Default.String, text => text, isResident: true);

        var refusal = Assert.Throws<StoreOpenException>(() => Open(tables: [other]));

        Assert.Contains("the row seven of the table residents", refusal.Message);
        Assert.DoesNotContain("restore a backup", refusal.Message);
    }

    [Fact]
    public async Task A_data_file_that_is_missing_beside_its_log_is_no_damage()
    {
        await using (var store = Open())
        {
            await store.PutAsync(new Thing("a", "ann"));
            // At the first page of the data file: the log is whole.
            _disk.CutAfter(6);
            await Assert.ThrowsAsync<StoreUnavailableException>(() => store.PutAsync(new Thing("b", "ann")));
        }
        _disk.Reboot();
        _disk.Overwrite(LiteDbOpener.DataName, []);

        var refusal = Assert.Throws<StoreOpenException>(() => Open());

        Assert.Contains("missing", refusal.Message);
        Assert.DoesNotContain("restore a backup", refusal.Message);
    }

    [Theory]
    [InlineData("zeros")]
    [InlineData("another page")]
    [InlineData("its rows elsewhere")]
    public async Task Each_page_that_is_not_what_was_written_is_named_whenever_it_is_read(string damage)
    {
        await FillAsync();
        var whole = _disk.Read(LiteDbOpener.DataName);
        var found = 0;
        for (var page = 1; page < whole.Length / PageSize; page++)
        {
            if (Damage(whole, page, damage) is not { } damaged)
                continue;
            _disk.Overwrite(LiteDbOpener.DataName, damaged);

            var failure = await Record.ExceptionAsync(async () =>
            {
                await using var store = Open();
                foreach (var index in new[] { Tables.Things.ByKey, Tables.ByOwner, Tables.ByDue })
                    await store.ScanAsync(index).ToListAsync();
                await store.ScanAsync(Tables.Counters.ByKey).ToListAsync();
            });

            Assert.True(failure is StoreOpenException or StoreUnavailableException, $"Page {page}: {failure?.ToString() ?? "nobody noticed"}");
            Assert.Contains($"page {page}:", failure?.Message);
            Assert.Contains("restore a backup", failure?.Message);
            Assert.Equal(damaged, _disk.Read(LiteDbOpener.DataName));
            found++;
        }
        Assert.True(found > 10, $"Only {found} pages were damaged.");
    }

    [Fact]
    public async Task A_damaged_page_that_is_met_later_is_one_sentence_of_the_log()
    {
        await FillAsync();
        var whole = _disk.Read(LiteDbOpener.DataName);
        var store = Open();
        // One of those that the opening does not read.
        var page = Enumerable.Range(whole.Length / PageSize / 2, 20).First(page => whole[(page * PageSize) + 4] == 4);
        _disk.Overwrite(LiteDbOpener.DataName, Damage(whole, page, "zeros")!);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.ScanAsync(Tables.Things.ByKey).ToListAsync().AsTask());

        await store.DisposeAsync();
        var error = Assert.Single(_log.Records, record => record.Level >= LogLevel.Error);
        Assert.Contains($"page {page}:", error.Message);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Null(error.Exception);
    }

    /// <returns>Null where the page holds nothing that could be missed.</returns>
    private static byte[]? Damage(byte[] whole, int page, string damage)
    {
        var damaged = whole.ToArray();
        var bytes = damaged.AsSpan(page * PageSize, PageSize);
        if (bytes[4] == 0)
            return null;
        switch (damage)
        {
            case "zeros":
                bytes.Clear();
                return damaged;
            case "another page":
                whole.AsSpan((page == 1 ? 2 : page - 1) * PageSize, PageSize).CopyTo(bytes);
                return damaged;
            default:
                // Collections have no rows.
                if (bytes[4] == 2)
                    return null;
                BinaryPrimitives.WriteUInt16LittleEndian(bytes[^2..], ushort.MaxValue);
                return damaged;
        }
    }

    private async Task FillAsync()
    {
        await using var store = Open();
        for (var i = 0; i < Things; i++)
            await store.PutAsync(new Thing($"{i:0000}", $"owner {i:0000}", $"{i:0000}", new string('n', 300)));
        for (var i = 0; i < Things; i += 3)
            await store.DeleteAsync($"{i:0000}");
        await store.PutAsync(new Thing("0000", "owner 0000", "0000"));
        await store.RunAsync(Put(Tables.Residents, new Counter("seven", 7)));
    }

    private static Func<ITransaction, ValueTask<bool>> Put<T>(Table<T> table, T entity)
        where T : class => tx =>
        {
            tx.Put(table, entity);
            return ValueTask.FromResult(true);
        };

    private LiteDbStore Open(IDisk? disk = null, IReadOnlyList<ITable>? tables = null) =>
        new(disk ?? _disk, "modelled", tables ?? Tables.All, [], [], TimeProvider.System, new LiteDbOptions(), _log.CreateLogger("Store"));

    /// <summary>A disk whose files fail at the first look at them.</summary>
    private sealed class FailingDisk(IDisk disk, Exception failure) : IDisk
    {
        public IBlockFile Open(string name) => new FailingFile(disk.Open(name), failure);

        private sealed class FailingFile(IBlockFile file, Exception failure) : IBlockFile
        {
            public long Length => file.Length;

            public int Read(long offset, Span<byte> buffer) => throw failure;

            public void Write(long offset, ReadOnlySpan<byte> bytes) => throw failure;

            public void SetLength(long length) => throw failure;

            public void Flush() => throw failure;

            public void Dispose() => file.Dispose();
        }
    }
}
