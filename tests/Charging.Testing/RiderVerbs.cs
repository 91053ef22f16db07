namespace Charging.Testing;

/// <summary>What riders do with piles, orders and money.</summary>
public static class RiderVerbs
{
    /// <summary>Looks at a pile (section 5).</summary>
    public static Task<Answer> SeeAsync(this Rider rider, string deviceNo) =>
        rider.PostAsync("getPileStatus", new { body = new { deviceNo } });

    /// <summary>Reserves a plug (section 6).</summary>
    public static Task<Answer> ReserveAsync(this Rider rider, string deviceNo, string plug) =>
        rider.PostAsync("getOrderNo", new { body = new { deviceNo, plug } });

    /// <summary>Says that an order was paid (section 7).</summary>
    public static Task<Answer> ChargeAsync(this Rider rider, string deviceNo, string plug, string orderNo, object amount) =>
        rider.PostAsync("mobilePaymentCharging", new { body = new { deviceNo, plug, orderNo, amount } });

    /// <summary>Leaves the payment (section 8).</summary>
    public static Task<Answer> LeaveAsync(this Rider rider, string deviceNo, string plug) =>
        rider.PostAsync("mobilePaymentCharging", new { body = new { deviceNo, plug } });

    /// <summary>Asks for the number of a top-up (section 9).</summary>
    public static Task<Answer> NewTopUpAsync(this Rider rider, object amount, string? phone = null) =>
        rider.PostAsync("getBalanceOrderNo", new { body = new { phone = phone ?? rider.Phone, amount } });

    /// <summary>Says that a top-up was paid (section 10).</summary>
    public static Task<Answer> CreditAsync(this Rider rider, string orderNo, object amount, string? phone = null) =>
        rider.PostAsync("addBalance", new { body = new { phone = phone ?? rider.Phone, amount, orderNo } });

    /// <summary>Puts money on the balance.</summary>
    /// <returns>The number of the top-up.</returns>
    public static async Task<string> TopUpAsync(this Rider rider, object amount)
    {
        var orderNo = (await rider.NewTopUpAsync(amount)).Data!.Value.GetString()!;
        var answer = await rider.CreditAsync(orderNo, amount);
        return answer.Code == 200 ? orderNo : throw new InvalidOperationException($"The top-up was not credited: {answer.Text}");
    }

    /// <summary>What the rider may spend, in yuan.</summary>
    public static async Task<double> BalanceAsync(this Rider rider) =>
        (await rider.PostAsync("getBalance")).Data!.Value.GetProperty("balance").GetDouble();

    /// <summary>Pays an order from the balance.</summary>
    public static Task<Answer> PayWithBalanceAsync(this Rider rider, string deviceNo, string plug, string orderNo, object amount) =>
        rider.PostAsync("payWithBalance", new { body = new { deviceNo, plug, orderNo, amount } });

    /// <summary>Makes a payment for an order or a top-up.</summary>
    public static Task<Answer> PrepayAsync(this Rider rider, string orderNo, object amount, string code = "0a1B2c") =>
        rider.PostAsync("prepay", new { body = new { orderNo, amount, code } });

    /// <summary>Ends a charge.</summary>
    public static Task<Answer> StopAsync(this Rider rider, string orderNo) =>
        rider.PostAsync("stopCharging", new { body = new { orderNo } });

    /// <summary>Looks at an order.</summary>
    public static Task<Answer> DetailAsync(this Rider rider, string orderNo) =>
        rider.PostAsync("getChargingDetail", new { body = new { orderNo } });

    /// <summary>A page of the rider's orders (section 13).</summary>
    public static Task<Answer> ListAsync(this Rider rider, int pageNum = 1, int pageSize = 10) =>
        rider.PostAsync("getOrderRecord", new { pageNum, pageSize });
}
