using Charging.Server.Telemetry;
using Charging.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.Server.Tests.Telemetry;

/// <summary>A log that outsiders cannot fill.</summary>
public sealed class LimitedLogTests
{
    private static readonly EventId Noise = new(1, "noise");
    private static readonly EventId Rare = new(2, "rare");

    [Fact]
    public void One_message_is_written_so_often_in_a_minute_and_then_with_what_was_left_out()
    {
        var (clock, log) = (new FakeTimeProvider(), new LogCapture());
        using var provider = new LimitedLogProvider(log, clock);
        var logger = provider.CreateLogger("test");
        for (var i = 0; i < 1_000; i++)
            logger.Log(LogLevel.Warning, Noise, "noise");
        logger.Log(LogLevel.Warning, Rare, "rare");

        Assert.Equal(LimitedLogProvider.MaxPerMinute, log.Records.Count(record => record.Message == "noise"));
        Assert.Equal("rare", log.Records.Last().Message);

        clock.Advance(TimeSpan.FromMinutes(1));
        logger.Log(LogLevel.Warning, Noise, "noise");
        Assert.Equal([$"{1_000 - LimitedLogProvider.MaxPerMinute} lines like the next one were left out, to keep the log short.", "noise"], log.Records.TakeLast(2).Select(record => record.Message));
    }

    [Fact]
    public void The_server_writes_its_log_by_it_alone()
    {
        var builder = Program.Register(["--environment=Development"]);

        using var services = builder.Services.BuildServiceProvider();
        Assert.IsType<LimitedLogProvider>(Assert.Single(services.GetServices<ILoggerProvider>()));
    }
}
