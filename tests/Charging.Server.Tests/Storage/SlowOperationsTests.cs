using Charging.Server.Storage;
using Charging.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.Server.Tests.Storage;

/// <summary>What is said of an operation for which others had to wait.</summary>
public sealed class SlowOperationsTests
{
    private static readonly TimeSpan TooLong = TimeSpan.FromMilliseconds(51);

    private readonly FakeTimeProvider _clock = new();
    private readonly LogCapture _log = new();

    [Fact]
    public void Each_kind_is_logged_by_its_name_at_most_once_a_minute()
    {
        var slow = new SlowOperations(_clock, LoggerFactory.Create(logging => logging.AddProvider(_log)).CreateLogger("store"));
        slow.Ran(ReadAll(), SlowOperations.Limit);
        Assert.Empty(_log.Records);
        for (var times = 0; times < 100; times++)
            slow.Ran(ReadAll(), TooLong);
        slow.Ran(ReadAsync, TooLong);
        _clock.Advance(TimeSpan.FromMinutes(1));
        slow.Ran(ReadAll(), TooLong);

        Assert.Equal(
            ["SlowOperationsTests.ReadAll took 51 ms", "SlowOperationsTests.ReadAsync took 51 ms", "SlowOperationsTests.ReadAll took 51 ms"],
            _log.Records.Select(record => record.ToString()).Select(line => line[line.IndexOf(nameof(SlowOperationsTests), StringComparison.Ordinal)..line.IndexOf(';', StringComparison.Ordinal)]));
        Assert.Contains("100 times", _log.Records.Last().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_operation_is_called_by_the_method_that_it_is_written_in()
    {
        var number = Random.Shared.Next();
        Func<int> closure = () => number;
        Func<Func<int>> inner = () => () => number;

        Assert.All(
            [OperationName.Of(closure), OperationName.Of(inner), OperationName.Of(inner())],
            name => Assert.Equal($"{nameof(SlowOperationsTests)}.{nameof(An_operation_is_called_by_the_method_that_it_is_written_in)}", name));
        Assert.Equal("Generic.Local", OperationName.Of(Generic<string>.Local()));
    }

    private static Func<ITransaction, ValueTask<bool>> ReadAll() => tx => ReadAsync(tx);

    private static async ValueTask<bool> ReadAsync(ITransaction tx) => await tx.GetAsync(Tables.Things, "a") is null;

    private static class Generic<T>
    {
        public static Func<T?> Local()
        {
            return Inner;

            static T? Inner() => default;
        }
    }
}
