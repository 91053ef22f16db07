using System.Collections.Concurrent;
using System.Diagnostics;
using Charging.Server.Orders;
using Charging.Server.Telemetry;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Trace;
using Xunit;

namespace Charging.Server.Tests.Telemetry;

/// <summary>One charge is one trace.</summary>
[Collection(nameof(Alone))]
public sealed class TraceTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_charge_is_one_trace_from_the_call_to_the_end_also_over_a_restart(bool restarts)
    {
        var spans = new ConcurrentQueue<Activity>();
        await using var stand = await Stand.OpenAsync(
            configure: builder => builder.Services.ConfigureOpenTelemetryTracerProvider(traces => traces.AddProcessor(new SimpleActivityExportProcessor(new Keeper(spans)))),
            settings: "--Charging:Telemetry:OtlpEndpoint=http://127.0.0.1:9");
        var orderNo = await stand.BeginAsync();
        if (restarts)
        {
            await stand.App.RestartAsync();
            await stand.App.WaitUntilOnlineAsync(stand.Pile);
        }
        stand.Pile.BatteryFull(2);
        await stand.UntilAsync(orderNo, OrderState.Settled);
        await Retry.Until("the spans are written", () => spans.Any(span => span.DisplayName == "pile reports end"));

        var charge = spans.Where(span => span.TraceId == ChargeTrace.ContextOf(orderNo).TraceId).ToList();
        string[] expected =
        [
            "GetOrderNo", "MobilePaymentCharging", "reserved", "start", "send start", "pile answers start", "pile reports end",
            .. restarts ? Array.Empty<string>() : ["charge"],
        ];
        Assert.All(expected, name => Assert.Contains(charge, span => span.DisplayName == name));
        Assert.All(charge, span => Assert.Equal(orderNo, span.GetTagItem("charging.order")));
        var call = charge.Single(span => span.DisplayName == "MobilePaymentCharging");
        Assert.Equal(200, call.GetTagItem("charging.code"));
        // The HTTP call has a trace of its own, which a caller may have begun, and leads here.
        var http = spans.Single(span => span.Kind == ActivityKind.Server && span.SpanId == Assert.Single(call.Links).Context.SpanId);
        Assert.Contains("mobilePaymentCharging", http.DisplayName);
        Assert.NotEqual(charge[0].TraceId, http.TraceId);
        Assert.All(spans, span => Assert.All(span.TagObjects, tag => Assert.DoesNotContain(stand.Rider.Phone, tag.Value?.ToString() ?? "")));
    }

    [Fact]
    public async Task Nothing_is_traced_when_nothing_is_sent_anywhere()
    {
        await using var stand = await Stand.OpenAsync();
        await stand.BeginAsync();

        Assert.False(ChargeTrace.Source.HasListeners());
        Assert.Empty(stand.App.Services.GetServices<ChargeTraces>());
    }

    private sealed class Keeper(ConcurrentQueue<Activity> spans) : BaseExporter<Activity>
    {
        public override ExportResult Export(in Batch<Activity> batch)
        {
            foreach (var span in batch)
                spans.Enqueue(span);
            return ExportResult.Success;
        }
    }
}
