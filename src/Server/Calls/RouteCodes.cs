using System.Collections.Frozen;

namespace Charging.Server.Calls;

/// <summary>
/// The closed set of codes of each method (contract section 2), and who may call it. A method of the mini-program that is
/// not in the table needs a token and may answer only what every method may.
/// </summary>
public static class RouteCodes
{
    /// <summary>Begins the full name of every method of the mini-program.</summary>
    public const string MethodPrefix = "/charging.miniprogram.v1.";

    /// <summary>Success, and what every method may answer beside the codes of its own.</summary>
    public static readonly FrozenSet<int> Always = FrozenSet.Create(200, 401, 402, 403, 5000);

    /// <summary>The codes of each method's own, by its full gRPC name.</summary>
    public static readonly FrozenDictionary<string, FrozenSet<int>> Own = new Dictionary<string, FrozenSet<int>>
    {
        [Account("SendValidateCode")] = FrozenSet.Create(445, 2007, 2013, 2014),
        [Account("Register")] = FrozenSet.Create(2007, 2008, 2009),
        [Account("Login")] = FrozenSet.Create(2009, 2014),
        [Account("Logout")] = [],
        [Method("CardService", "BindCard")] = FrozenSet.Create(4002, 4003),
        [Method("CardService", "UnbindCard")] = FrozenSet.Create(4002, 4004),
        [Method("CardService", "GetCardno")] = [],
        [Method("CardService", "SetCardLimit")] = [],
        [Method("PileService", "GetPileStatus")] = FrozenSet.Create(3003),
        [Method("OrderService", "GetOrderNo")] = FrozenSet.Create(3001, 3003, 3004, 3005),
        [Method("OrderService", "MobilePaymentCharging")] = FrozenSet.Create(3003, 3004, 4000),
        [Method("OrderService", "PayWithBalance")] = FrozenSet.Create(3003, 3004, 3007, 4000),
        [Method("OrderService", "StopCharging")] = FrozenSet.Create(3004, 4005),
        [Method("OrderService", "GetChargingDetail")] = [],
        [Method("OrderService", "GetOrderRecord")] = [],
        [Method("BalanceService", "GetBalance")] = [],
        [Method("BalanceService", "GetBalanceOrderNo")] = [],
        [Method("BalanceService", "AddBalance")] = [],
        [Method("PaymentService", "Prepay")] = [],
    }.ToFrozenDictionary();

    /// <summary>The methods that can be called without a token: how else would one get one.</summary>
    public static readonly FrozenSet<string> WithoutToken =
        FrozenSet.Create(Account("SendValidateCode"), Account("Register"), Account("Login"));

    /// <summary>Whether a method may answer a code.</summary>
    public static bool Allows(string method, int code) =>
        Always.Contains(code) || (Own.TryGetValue(method, out var own) && own.Contains(code));

    private static string Account(string name) => Method("AccountService", name);

    private static string Method(string service, string name) => $"{MethodPrefix}{service}/{name}";
}
