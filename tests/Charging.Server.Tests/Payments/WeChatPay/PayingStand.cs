using Charging.Server.Accounts;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Storage;
using Charging.Testing;
using Charging.Testing.WeChatPay;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Payments.WeChatPay;

/// <summary>A stand whose money WeChat Pay takes: the whole server before the double.</summary>
internal sealed class PayingStand(WeChatPayDouble wechat, Stand stand) : IAsyncDisposable
{
    public WeChatPayDouble WeChat => wechat;

    public Stand Stand => stand;

    private IStore Store => stand.App.Services.GetRequiredService<IStore>();

    public static Task<PayingStand> OpenAsync(SigningMode mode = SigningMode.Certificates, params string[] settings) => OpenAsync(mode, null, settings);

    public static async Task<PayingStand> OpenAsync(SigningMode mode, Action<WebApplicationBuilder>? configure, params string[] settings)
    {
        var clock = new SteppedClock(Stand.Beginning);
        var wechat = await WeChatPayDouble.StartAsync(clock, mode);
        var app = await ChargingApp.StartAsync(new ChargingAppOptions
        {
            Clock = clock,
            Configure = configure,
            Settings = [.. wechat.Settings, "--Charging:Payment:WeChatPay:Timeout=00:00:10", "--Charging:Payment:OwnPaymentService=true", .. settings],
        });
        wechat.Reach(app);
        return new PayingStand(wechat, new Stand(app, clock, await app.AddPileAsync(), await app.RegisterAsync()));
    }

    /// <summary>Makes the payment of an order or a top-up at WeChat Pay, as a payment service of the operator's own does.</summary>
    public Task PrepayAsync(string orderNo, long fen = 101, string openId = "oRider") => stand.App.Services.GetRequiredService<IPaymentProvider>()
        .PrepayAsync(new PrepayRequest(orderNo, fen, openId, "充电", stand.Clock.GetUtcNow().AddMinutes(3)), CancellationToken.None);

    /// <summary>Reserves a plug and makes the payment for it.</summary>
    public async Task<string> ReserveAsync()
    {
        var orderNo = await stand.ReserveAsync();
        await PrepayAsync(orderNo);
        return orderNo;
    }

    /// <summary>What the rider has on the balance, in fen.</summary>
    public async Task<long> BalanceAsync() => (await UserAsync()).BalanceFen;

    /// <summary>
    /// Moves the clock from one due row to the next until something has happened. While a row is at work the clock rests: an answer that takes long
    /// on a busy machine must not be five minutes old when it is read.
    /// </summary>
    public Task PassUntilAsync(string reason, Func<Task<bool>> condition) => Retry.Until(reason, async () =>
    {
        if (await condition())
            return true;
        var due = await Store.RunAsync(tx => tx.ListAsync(DueRows.Table.ByKey, new KeyRange("", KeyRange.End), 200));
        if (due.Count > 0 && due.All(row => row.LeasedBy is null) && due.Min(row => row.DueAt) - stand.Clock.GetUtcNow() is var pause && pause > TimeSpan.Zero)
            stand.Clock.Advance(pause);
        return false;
    });

    /// <summary>A due row.</summary>
    public Task<DueRow?> DueAsync(DueKind kind, string subject) => Store.RunAsync(tx => tx.GetAsync(DueRows.Table, DueRow.KeyOf(kind, subject)));

    /// <summary>WeChat knows the rider from now on.</summary>
    public Task LearnOpenIdAsync(string openId) => Store.RunAsync(async tx =>
    {
        tx.Put(AccountTables.Users, (await tx.ListAsync(AccountTables.UsersByPhone, KeyRange.Exactly(stand.Rider.Phone), 1))[0] with { OpenId = openId });
        return true;
    });

    /// <summary>Insists on the invariants, and that the ledger's account of the provider is what WeChat Pay's books say.</summary>
    public async Task CheckAsync()
    {
        await stand.CheckAsync(knowsBooks: false);
        var entries = await Store.RunAsync(tx => tx.ListAsync(Ledger.ByNumber, new KeyRange("", KeyRange.End), 200));
        var provider = entries.Where(e => e.From == Ledger.Provider).Sum(e => e.AmountFen) - entries.Where(e => e.To == Ledger.Provider).Sum(e => e.AmountFen);
        Assert.Equal(wechat.Books.BalanceFen, provider);
    }

    public async ValueTask DisposeAsync()
    {
        await stand.DisposeAsync();
        await wechat.DisposeAsync();
    }

    private async Task<User> UserAsync() =>
        (await Store.RunAsync(tx => tx.ListAsync(AccountTables.UsersByPhone, KeyRange.Exactly(stand.Rider.Phone), 1)))[0];
}
