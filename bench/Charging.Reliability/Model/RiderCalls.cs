using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Cards;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Charging.Reliability.Model;

/// <summary>What a rider is answered.</summary>
/// <param name="Code">The code of contract section 2.</param>
/// <param name="Data">What comes with it.</param>
internal readonly record struct RiderAnswer(int Code, string? Data = null);

/// <summary>All that riders, operators and the payment provider ask of the server's domain, as the wire asks it.</summary>
internal static class RiderCalls
{
    /// <summary>Registers the piles, as an operator does before the first rider comes.</summary>
    public static async Task PrepareAsync(IServiceProvider services, World world)
    {
        foreach (var pile in world.Piles)
            await services.GetRequiredService<PileAdmin>().RegisterAsync(pile.Device, ModelPile.PlugCount, PlugNumbers.Decimal);
    }

    /// <summary>Makes an account, code and all.</summary>
    public static async Task<RiderAnswer> RegisterAsync(IServiceProvider services, World world, Phone phone)
    {
        await services.GetRequiredService<Codes>().SendAsync(new CodeRequest(phone, CodeType.Register), null, CancellationToken.None);
        var code = world.Sms.CodesFor(phone.ToString()).Last();
        return Answer(await services.GetRequiredService<Riders>().RegisterAsync(new Credentials(phone, code), $"wx{phone}", null, CancellationToken.None), token => token);
    }

    /// <summary>Who a token is; null when it is nobody's.</summary>
    public static Caller? Find(IServiceProvider services, string token) => services.GetRequiredService<TokenIndex>().Find(token);

    public static async Task<RiderAnswer> ReserveAsync(IServiceProvider services, Caller caller, PlugId plug) =>
        Answer(await services.GetRequiredService<Reservations>().ReserveAsync(caller, new NamedPlug(plug, plug.Number.ToString("D2", null))), no => no.ToString());

    public static async Task<RiderAnswer> ChargeAsync(IServiceProvider services, Caller caller, PlugId plug, string orderNo, long fen, CancellationToken cancellationToken) =>
        Answer(await services.GetRequiredService<MobilePayment>().ChargeAsync(caller, new ChargeRequest(plug, OrderNo.Parse(orderNo), fen), cancellationToken));

    public static async Task<RiderAnswer> LeaveAsync(IServiceProvider services, Caller caller, PlugId plug) =>
        Answer(await services.GetRequiredService<MobilePayment>().ChargeAsync(caller, new ChargeRequest(plug, null, 0), CancellationToken.None));

    public static async Task<RiderAnswer> PayWithBalanceAsync(IServiceProvider services, Caller caller, PlugId plug, string orderNo, long fen, CancellationToken cancellationToken) =>
        Answer(await services.GetRequiredService<BalancePayment>().ChargeAsync(caller, new BalanceRequest(plug, OrderNo.Parse(orderNo), fen), cancellationToken));

    public static async Task<RiderAnswer> PrepayAsync(IServiceProvider services, Caller caller, string orderNo, long fen, string code, CancellationToken cancellationToken) =>
        Answer(await services.GetRequiredService<Prepayments>().MakeAsync(caller, new WantedPayment(OrderNo.Parse(orderNo), fen, code), cancellationToken));

    public static async Task<RiderAnswer> StopAsync(IServiceProvider services, Caller caller, string orderNo, CancellationToken cancellationToken) =>
        Answer(await services.GetRequiredService<StopRequests>().StopAsync(caller, OrderNo.Parse(orderNo), cancellationToken));

    public static async Task<RiderAnswer> NewTopUpAsync(IServiceProvider services, Caller caller, Phone phone, long fen) =>
        Answer(await services.GetRequiredService<TopUps>().NewAsync(caller, new TopUpRequest(phone, fen)), no => no.ToString());

    public static async Task<RiderAnswer> AddTopUpAsync(IServiceProvider services, Caller caller, Phone phone, string orderNo, long fen, CancellationToken cancellationToken) =>
        Answer(await services.GetRequiredService<TopUps>().AddAsync(caller, new TopUpRequest(phone, fen, OrderNo.Parse(orderNo)), cancellationToken));

    public static async Task<RiderAnswer> BindAsync(IServiceProvider services, Caller caller, string card) =>
        Answer(await services.GetRequiredService<Cards>().BindAsync(caller, CardNo.Parse(card)));

    public static async Task<RiderAnswer> UnbindAsync(IServiceProvider services, Caller caller, string card) =>
        Answer(await services.GetRequiredService<Cards>().UnbindAsync(caller, CardNo.Parse(card)));

    /// <summary>The numbers of the orders in the caller's list.</summary>
    public static async Task<IReadOnlyList<string>> ListAsync(IServiceProvider services, Caller caller) =>
        [.. (await services.GetRequiredService<OrderRecords>().PageAsync(caller, new PageRequest(1, 100))).Value!.Orders.Select(order => order.No.ToString())];

    /// <summary>The caller's cards.</summary>
    public static async Task<IReadOnlyList<string>> CardsAsync(IServiceProvider services, Caller caller) =>
        [.. (await services.GetRequiredService<Cards>().ListAsync(caller)).Value!.Cards.Select(card => card.Number)];

    /// <summary>The provider tells of a payment by itself.</summary>
    public static Task PaymentHeardAsync(IServiceProvider services, string orderNo, long fen) =>
        services.GetRequiredService<IStore>().RunAsync(tx => services.GetRequiredService<PaymentEffects>().TakeUpAsync(tx, orderNo, fen));

    private static RiderAnswer Answer<T>(Result<T> result, Func<T, string>? data = null) =>
        new(result.Code.Code, result.IsOk ? data?.Invoke(result.Value) : null);
}
