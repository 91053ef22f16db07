using System.Collections.Concurrent;
using System.Globalization;

namespace Charging.Reliability.Floods;

/// <summary>One rider, who calls every route that a token opens.</summary>
internal sealed class RiderFlood(FloodPlace place) : FloodActor(place)
{
    private const string Phone = "13911111111";
    private const int Credited = 3;
    private const int MaxTries = 1000;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentQueue<string> _topUps = new();
    private readonly ConcurrentQueue<string> _orders = new();
    private readonly SemaphoreSlim _one = new(1);
    private readonly SemaphoreSlim _leaving = new(1);
    private string _token = "";

    public override IReadOnlyList<FloodAct> Acts => field ??=
    [
        new("balance", _ => CallAsync("getBalance", new { })),
        new("cards", _ => CallAsync("getCardno", new { detail = true })),
        new("orders", n => CallAsync("getOrderRecord", new { }, n % 50)),
        new("pile", n => CallAsync("getPileStatus", new { deviceNo = n % 2 == 0 ? Place.Pile : $"{n:X10}" })),
        new("detail", n => CallAsync("getChargingDetail", new { orderNo = Any(_orders, n) })),
        new("another's card", n => CallAsync("unbindCard", new { cardNo = $"{0x30000000 + n:X8}" })),
        new("new card", n => CallAsync("bindCard", new { cardNo = $"{0x50000000 + n:X8}" })),
        new("card limit", n => CallAsync("setCardLimit", new { cardNo = $"{0x50000000 + n:X8}", limit = 1 })),
        new("top-up", _ => MakeTopUpAsync()),
        new("credit", _ => CallAsync("addBalance", new { phone = Phone, amount = 1, orderNo = _topUps.ElementAtOrDefault(Credited) ?? "" }), Waits: true),
        new("prepay", n => CallAsync("prepay", new { orderNo = Any(n % 2 == 0 ? _orders : _topUps, n), amount = 1, code = $"login{n}" }), Waits: true),
        new("leave", n => LeaveAsync(n)),
        new("charge", n => ChargeAsync(Plug(n)), Waits: true),
        new("charge and stop", _ => ChargeAndStopAsync("09"), Waits: true),
        new("pay again", n => CallAsync("mobilePaymentCharging", new { deviceNo = Place.Pile, plug = Plug(n), orderNo = Any(_orders, n), amount = 0.01 }), Waits: true),
        new("stop", n => CallAsync("stopCharging", new { orderNo = Any(_orders, n) }), Waits: true),
        new("code", _ => CallAsync("sendValidateCode", new { phone = Phone, codeType = "login" })),
        new("wrong code", n => CallAsync("login", new { phone = Phone, code = $"{n % 1_000_000:D6}" })),
        new("what makes no sense", n => CallAsync("getOrderNo", new { deviceNo = new string('x', n % 9000), plug = "-1" })),
    ];

    public override IReadOnlyList<ExpectedLimit> Limits =>
    [
        new("card numbers that are not the rider's, in a day", "card-numbers", TimeSpan.FromDays(1), "another's card", 4002, 4004),
        new("top-ups in an hour", "top-ups", TimeSpan.FromHours(1), "top-up", 200),
        new("reservations left unpaid in an hour", "unpaid-orders", TimeSpan.FromHours(1), "leave", 200),
        new("of one plug in ten minutes", "unpaid-plug", TimeSpan.FromHours(1), "leave"),
        new("orders at once, the unpaid reservation included", "live-orders", TimeSpan.FromHours(1), "charge") { MetWithin = TimeSpan.Zero },
        new("charges begun at one plug in an hour", "plug-starts", TimeSpan.FromHours(1), "charge and stop", 200) { MetWithin = TimeSpan.Zero },
        new("failed attempts at a phone in an hour", "failed-attempts-phone", TimeSpan.FromHours(1), "wrong code", 2009),
        new("codes for a phone", null, TimeSpan.FromDays(1), "code", 200),
        new("questions to the provider about one order in a minute", "payment-queries", TimeSpan.FromMinutes(1), "credit") { MetWithin = TimeSpan.FromMinutes(2) },
    ];

    public override async Task PrepareAsync()
    {
        _token = await Place.AddRiderAsync(Phone);
        // Something to spend, and then nobody confirms what was not paid.
        for (var n = 0; n < Credited; n++)
        {
            await MakeTopUpAsync();
            await CallAsync("addBalance", new { phone = Phone, amount = 1, orderNo = _topUps.Last() });
        }
        await Place.AskAsync("sandbox Refuse");
        // Before too many reservations were left for any more.
        await RepeatAsync("charge and stop");
        await RepeatAsync("charge");
    }

    /// <summary>Does something until it is refused. A plug that was left is free a moment later.</summary>
    private async Task RepeatAsync(string act)
    {
        for (var tries = 0; tries < MaxTries && Count(act, 403) == 0; tries++)
        {
            await DoAsync(act, Count(act, 200));
            await Task.Delay(Pause);
        }
    }

    private async Task<int> MakeTopUpAsync()
    {
        var made = await Place.PostAsync(Address, "getBalanceOrderNo", new { body = new { phone = Phone, amount = 1 } }, _token);
        if (made.Code == 200)
            _topUps.Enqueue(made.Data!.Value.GetString()!);
        return made.Code;
    }

    /// <summary>Reserves one plug again and again, or another, and leaves it.</summary>
    private async Task<int> LeaveAsync(int n)
    {
        await _leaving.WaitAsync();
        try
        {
            return await LeaveAsync(n % 2 == 0 ? "10" : Plug(n));
        }
        finally
        {
            _leaving.Release();
        }
    }

    private async Task<int> LeaveAsync(string plug)
    {
        var (reserved, _) = await ReserveAsync(plug);
        if (reserved == 200)
            await CallAsync("mobilePaymentCharging", new { deviceNo = Place.Pile, plug });
        return reserved;
    }

    private async Task<int> ChargeAsync(string plug)
    {
        var (reserved, orderNo) = await ReserveAsync(plug);
        return reserved == 200 ? await PayAsync(plug, orderNo) : reserved;
    }

    private Task<int> PayAsync(string plug, string? orderNo) => CallAsync("payWithBalance", new { deviceNo = Place.Pile, plug, orderNo, amount = 0.01 });

    /// <summary>Charges and stops, one caller at a time: asked twice at once it would be one charge with two answers.</summary>
    private async Task<int> ChargeAndStopAsync(string plug)
    {
        await _one.WaitAsync();
        try
        {
            var (reserved, orderNo) = await ReserveAsync(plug);
            if (reserved != 200)
                return reserved;
            var paid = await PayAsync(plug, orderNo);
            if (paid == 200)
                await CallAsync("stopCharging", new { orderNo });
            return paid;
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<(int Code, string? OrderNo)> ReserveAsync(string plug)
    {
        var reserved = await Place.PostAsync(Address, "getOrderNo", new { body = new { deviceNo = Place.Pile, plug } }, _token);
        if (reserved.Code != 200)
            return (reserved.Code, null);
        _orders.Enqueue(reserved.Data!.Value.GetString()!);
        return (200, reserved.Data!.Value.GetString());
    }

    private async Task<int> CallAsync(string route, object body, int? page = null) =>
        (await Place.PostAsync(Address, route, page is { } pageNum ? new { pageNum, pageSize = 50 } : new { body }, _token)).Code;

    private static string Plug(int n) => (1 + (n % 8)).ToString("D2", CultureInfo.InvariantCulture);

    private static string Any(ConcurrentQueue<string> known, int n) => known.ElementAtOrDefault(n % (known.Count + 1)) ?? $"20250601{n:D10}";
}
