using Charging.Server.Payments;
using Charging.Server.Payments.WeChatPay;
using Charging.Testing;
using Charging.Testing.WeChatPay;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Charging.Server.Tests.Payments.WeChatPay;

/// <summary>The client of WeChat Pay alone, without a server around it, before the double. Disposing it judges what it has logged.</summary>
internal sealed class WeChatPayClient : IAsyncDisposable
{
    /// <summary>An order number.</summary>
    public const string OrderNo = "201912040000000352";

    /// <summary>A refund's number.</summary>
    public const string RefundNo = OrderNo + "R1";

    /// <summary>What is paid.</summary>
    public const long PaidFen = 101;

    private readonly WebApplication _app;

    private WeChatPayClient(WeChatPayDouble wechat, FakeTimeProvider clock, string[] settings)
    {
        (WeChat, Clock) = (wechat, clock);
        var builder = WebApplication.CreateEmptyBuilder(
            new WebApplicationOptions { Args = [.. wechat.Settings, "--Charging:Payment:WeChatPay:Timeout=00:00:10", .. settings] });
        // It is only built, to have the services; nothing listens.
        builder.WebHost.UseKestrelCore();
        builder.Logging.AddProvider(Log);
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.AddWeChatPay();
        _app = builder.Build();
        Provider = _app.Services.GetRequiredService<IPaymentProvider>();
    }

    public WeChatPayDouble WeChat { get; }

    public FakeTimeProvider Clock { get; }

    public LogCapture Log { get; } = new();

    public IPaymentProvider Provider { get; }

    /// <summary>What a rider is about to pay.</summary>
    public PrepayRequest Payment => new(OrderNo, PaidFen, "oRider", "充电", Stand.Beginning.AddMinutes(3));

    /// <summary>What goes back.</summary>
    public static RefundRequest Refund => new(RefundNo, OrderNo, 40, PaidFen);

    public static async Task<WeChatPayClient> OpenAsync(SigningMode mode = SigningMode.Certificates, params string[] settings)
    {
        var clock = new FakeTimeProvider(Stand.Beginning);
        return new WeChatPayClient(await WeChatPayDouble.StartAsync(clock, mode), clock, settings);
    }

    public Task<PaymentParameters> PrepayAsync() => Provider.PrepayAsync(Payment, CancellationToken.None);

    public Task<PaymentAnswer> QueryAsync() => Provider.QueryAsync(OrderNo, null, CancellationToken.None);

    public Task CloseAsync() => Provider.CloseAsync(OrderNo, CancellationToken.None);

    public Task<RefundState> RefundAsync() => Provider.RefundAsync(Refund, CancellationToken.None);

    public Task<RefundState> QueryRefundAsync() => Provider.QueryRefundAsync(RefundNo, CancellationToken.None);

    public Task<IReadOnlyList<BillLine>?> BillAsync() => Provider.BillAsync(new DateOnly(2019, 12, 4), CancellationToken.None);

    /// <summary>Makes a payment, and the rider confirms it.</summary>
    public async Task PaidAsync()
    {
        await PrepayAsync();
        await WeChat.PayAsync(OrderNo);
    }

    /// <summary>A call of each kind.</summary>
    public IReadOnlyDictionary<WeChatCall, Func<Task>> Calls => new Dictionary<WeChatCall, Func<Task>>
    {
        [WeChatCall.Prepay] = PrepayAsync,
        [WeChatCall.Query] = QueryAsync,
        [WeChatCall.Close] = CloseAsync,
        [WeChatCall.Refund] = RefundAsync,
        [WeChatCall.RefundQuery] = QueryRefundAsync,
        [WeChatCall.Bill] = BillAsync,
    };

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await WeChat.DisposeAsync();
        Log.Verify();
    }
}
