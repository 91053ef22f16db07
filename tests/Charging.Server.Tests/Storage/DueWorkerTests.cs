using System.Collections.Concurrent;
using Charging.Server.Calls;
using Charging.Server.Clock;
using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;
using Charging.Server.Tests.Telemetry;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.Server.Tests.Storage;

/// <summary>The queue to a provider that does not answer.</summary>
[Collection(nameof(Alone))]
public sealed class DueWorkerTests : IAsyncDisposable
{
    private const int Slots = 64;
    private const int SlotsPerRider = 4;
    private const int Rows = 2000;

    private readonly FakeTimeProvider _clock = new(Stand.Beginning);
    private readonly ModelledDisk _disk = new(new Random(1), TimeSpan.Zero);
    private readonly Handler _closing;
    private readonly Handler _refunds;
    private readonly DueWorker _worker;
    private readonly LiteDbStore _store;

    public DueWorkerTests()
    {
        _closing = new Handler(DueKind.Close, () => Task.Delay(Handler.Timeout, _clock));
        _refunds = new Handler(DueKind.Refund, () => Task.CompletedTask);
        _worker = new DueWorker(
            new ServiceCollection().AddSingleton<IDueHandler>(_closing).AddSingleton<IDueHandler>(_refunds).BuildServiceProvider(),
            _clock,
            new ClockWatch(_clock, NullLogger<ClockWatch>.Instance),
            NullLogger<DueWorker>.Instance);
        _store = new LiteDbStore(_disk, "memory", [DueRows.Table], [], [_worker], _clock, new LiteDbOptions(), NullLogger.Instance, barrier: false);
    }

    public async ValueTask DisposeAsync()
    {
        await _worker.StopAsync(CancellationToken.None);
        await _worker.DisposeAsync();
        await _store.DisposeAsync();
        _disk.Dispose();
    }

    [Fact]
    public async Task An_hour_of_a_silent_provider_costs_its_slots_and_no_more()
    {
        await StartAsync(Enumerable.Range(0, Rows).Select(n => Close(rider: n / 2, n)));
        await Retry.Until("the slots are taken", () => _closing.Running == Slots);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        for (var (passed, begun) = (TimeSpan.Zero, Slots); passed < TimeSpan.FromHours(1); passed += Handler.Timeout)
        {
            _clock.Advance(Handler.Timeout);
            begun += Slots;
            await Retry.Until("the next have their slots", () => _closing.Begun == begun);
        }

        Assert.Equal((Slots, Slots), (_closing.MostAtOnce, _closing.Running));
        var growth = GC.GetTotalMemory(forceFullCollection: true) - before;
        TestContext.Current.SendDiagnosticMessage($"{Rows} rows, {_closing.Begun} calls in an hour, {growth} bytes more than before.");
        Assert.True(growth < 2_000_000, $"{growth} bytes were kept.");
        // Those that had no answer in the last half minute are due again when their leases end.
        Assert.InRange(_worker.Waiting().Count, Rows - 4 * Slots, Rows - Slots);
    }

    [Fact]
    public async Task What_waits_for_a_slot_is_counted_and_since_when()
    {
        await StartAsync(Enumerable.Range(0, Slots + 10).Select(n => Close(rider: n, n)));
        await Retry.Until("the slots are taken", () => _closing.Running == Slots);

        Assert.Equal((10, _clock.GetUtcNow() - Stand.Beginning.AddMilliseconds(Slots)), _worker.Waiting());
    }

    [Fact]
    public async Task Money_that_is_owed_does_not_wait_behind_what_costs_no_rider_anything()
    {
        await StartAsync(Enumerable.Range(0, Rows).Select(n => Close(rider: n, n)));
        await Retry.Until("the slots are taken", () => _closing.Running == Slots);

        await PutAsync([new DueRow { Kind = DueKind.Refund, Subject = "201912040000000001R1", UserId = 1, DueAt = _clock.GetUtcNow() }]);

        await Retry.Until("the refund is asked for", () => _refunds.Begun == 1);
    }

    [Fact]
    public async Task One_riders_many_rows_do_not_delay_anothers()
    {
        await StartAsync(Enumerable.Range(0, Rows).Select(n => Close(rider: 1, n)));
        await Retry.Until("the rider has a share of the slots", () => _closing.Running == SlotsPerRider);

        var other = Close(rider: 2, Rows);
        await PutAsync([other]);

        await Retry.Until("the other rider has a slot", () => _closing.Subjects.ContainsKey(other.Subject));
        Assert.Equal(SlotsPerRider + 1, _closing.MostAtOnce);
    }

    [Fact]
    public async Task What_is_done_with_while_it_waits_is_not_taken_up()
    {
        await StartAsync(Enumerable.Range(0, Slots + 2).Select(n => Close(rider: n, n)));
        await Retry.Until("the slots are taken", () => _closing.Running == Slots);

        var done = Close(rider: Slots, Slots);
        await _store.RunAsync(tx =>
        {
            tx.Delete(DueRows.Table, done.Key);
            return ValueTask.FromResult(true);
        });
        _clock.Advance(Handler.Timeout);

        await Retry.Until("the other row that waited has a slot", () => _closing.Begun == Slots + 1);
        Assert.DoesNotContain(done.Subject, _closing.Subjects.Keys);
    }

    private async Task StartAsync(IEnumerable<DueRow> rows)
    {
        await PutAsync(rows);
        await _worker.LoadAsync(_store, CancellationToken.None);
        await _worker.StartAsync(CancellationToken.None);
        _clock.Advance(TimeSpan.FromMilliseconds(Rows));
    }

    private Task PutAsync(IEnumerable<DueRow> rows) => _store.RunAsync(tx =>
    {
        foreach (var row in rows)
            tx.Put(DueRows.Table, row);
        return ValueTask.FromResult(true);
    });

    /// <summary>A row of a rider that is due <paramref name="n"/> milliseconds after the beginning.</summary>
    private static DueRow Close(long rider, int n) =>
        new() { Kind = DueKind.Close, Subject = $"20191204{n:D10}", UserId = rider, DueAt = Stand.Beginning.AddMilliseconds(n) };

    /// <summary>Calls somebody who gives no answer.</summary>
    private sealed class Handler(DueKind kind, Func<Task> call) : IDueHandler
    {
        /// <summary>Well before the end of the lease.</summary>
        public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

        private readonly Lock _lock = new();

        public DueKind Kind => kind;

        public int Running { get; private set; }

        public int MostAtOnce { get; private set; }

        public int Begun { get; private set; }

        public ConcurrentDictionary<string, bool> Subjects { get; } = new();

        public async Task RunAsync(DueRow row, CancellationToken cancellationToken)
        {
            Subjects[row.Subject] = true;
            // Before it is counted, so that the clock moves on only when the call has begun.
            var answer = call();
            Count(1);
            await answer.WaitAsync(cancellationToken);
            Count(-1);
            throw new ProviderUnavailableException("No answer.");
        }

        private void Count(int more)
        {
            lock (_lock)
            {
                Running += more;
                Begun += Math.Max(0, more);
                MostAtOnce = Math.Max(MostAtOnce, Running);
            }
        }
    }
}
