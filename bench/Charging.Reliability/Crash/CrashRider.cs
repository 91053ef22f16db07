using System.Globalization;
using Charging.MqttBroker;
using Charging.Server.Accounts;
using Charging.Server.Cards;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Testing;

namespace Charging.Reliability.Crash;

/// <summary>A rider who does one thing after the other, and remembers every answer.</summary>
internal sealed class CrashRider(CrashWorld world, int number, int seed)
{
    /// <summary>How long plugs are kept in these runs.</summary>
    public static readonly TimeSpan Reservation = TimeSpan.FromSeconds(4);

    private readonly Random _random = new(seed);
    private readonly List<OrderTold> _orders = [];
    private readonly List<TopUpTold> _topUps = [];
    private readonly Dictionary<string, CardTold> _cards = Enumerable.Range(0, 3).ToDictionary(
        card => ((number * 10) + card + 0x10000000).ToString("X8", CultureInfo.InvariantCulture), _ => new CardTold());

    private ServerProcess _server = null!;
    private CancellationToken _killed;
    private string? _phone;
    private string? _token;
    private OrderTold? _current;

    /// <summary>Lives until the server is killed.</summary>
    public async Task RunAsync(ServerProcess server, CancellationToken killed)
    {
        (_server, _killed) = (server, killed);
        try
        {
            if (_token is null)
                await RegisterAsync();
            else
                await LookAsync();
            while (!killed.IsCancellationRequested)
                await StepAsync();
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException or OperationCanceledException)
        {
            world.CountDoubt();
        }
    }

    /// <summary>Compares everything that the rider was told with the store.</summary>
    public async ValueTask CheckAsync(ITransaction tx, DateTimeOffset killedAt, List<string> faults)
    {
        if (_token is null)
            return;
        var user = (await tx.ListAsync(AccountTables.UsersByPhone, KeyRange.Exactly(_phone!), 1)).SingleOrDefault();
        if (user is null || await tx.GetAsync(AccountTables.Tokens, Token.HashOf(_token[Tokens.Scheme.Length..])) is null)
        {
            faults.Add($"{_phone} was registered, and the account or its token is gone.");
            return;
        }
        foreach (var order in _orders)
            Note(faults, await order.FaultAsync(tx, user.Id, killedAt));
        foreach (var topUp in _topUps)
            Note(faults, await topUp.FaultAsync(tx, user.Id));
        var bound = (await tx.ListAsync(CardTables.ByOwner, KeyRange.Prefix(CardTables.OwnerPrefix(user.Id)), 100)).Select(card => card.Number).ToHashSet();
        foreach (var (card, told) in _cards)
            Note(faults, told.InDoubt || told.IsBound == bound.Contains(card) ? null : $"Card {card} of {_phone}: the last answer was {told.IsBound}.");
    }

    private static void Note(List<string> faults, string? fault)
    {
        if (fault is not null)
            faults.Add(fault);
    }

    private static string Yuan(long fen) => (fen / 100m).ToString(CultureInfo.InvariantCulture);

    private async Task<Answer> CallAsync(string route, string body)
    {
        var answer = await _server.PostAsync(route, "{\"body\":{" + body + "}}", _token, _killed);
        world.CountAnswer();
        if (answer.Code is 401 or 402)
            world.Fault($"{route} of {_phone} was answered {answer.Text}");
        return answer;
    }

    private async Task RegisterAsync()
    {
        // A phone of its own for each try: an earlier one may have been registered without an answer.
        _phone = world.NewPhone();
        await CallAsync("sendValidateCode", $"\"phone\":\"{_phone}\",\"codeType\":\"register\"");
        var code = await _server.CodeForAsync(_phone, _killed);
        var answer = await CallAsync("register", $"\"phone\":\"{_phone}\",\"code\":\"{code}\",\"wxname\":\"wx{_phone}\"");
        if (answer.Code != 200)
            world.Fault($"{_phone} was not registered: {answer.Text}");
        _token = answer.Data?.GetString();
    }

    /// <summary>After a restart: the token works, the cards and the reservation are there.</summary>
    private async Task LookAsync()
    {
        var listed = (await CallAsync("getCardno", "")).Data?.EnumerateArray().Select(card => card.GetProperty("cardNo").GetString()).ToHashSet();
        foreach (var (card, told) in _cards.Where(card => !card.Value.InDoubt))
        {
            if (listed?.Contains(card) != told.IsBound)
                world.Fault($"getCardno of {_phone} differs in {card} from the last answer, {told.IsBound}.");
        }
        if (_current is { } kept)
            await ReserveAsync(kept.Plug);
    }

    private Task StepAsync() => _random.Next(11) switch
    {
        < 4 when _current is null => ReserveAsync(world.AnyPlug(_random)),
        0 => ReserveAsync(_current!.Plug),
        1 => LeaveAsync(_current!),
        < 4 => PayAsync(_current!),
        < 6 => TopUpAsync(),
        < 8 => CardAsync(),
        8 => StopAsync(),
        _ => SwipeAsync(),
    };

    private async Task ReserveAsync(PlugId plug)
    {
        var before = _current;
        if (before is not null && before.Plug != plug)
            before.MayBeReleased = true;
        var asked = DateTimeOffset.UtcNow;
        var answer = await CallAsync("getOrderNo", $"\"deviceNo\":\"{plug.Device}\",\"plug\":\"{plug.Number:D2}\"");
        if (before is not null && before.Plug == plug && before.IsKept(DateTimeOffset.UtcNow) && answer.Code is not (3004 or 3005)
            && (answer.Code != 200 || answer.Data?.GetString() != before.No))
            world.Fault($"Order {before.No} is reserved for {_phone}, who was answered {answer.Text}");
        if (answer.Code != 200 || answer.Data?.GetString() is not { } no || no == before?.No)
            return;
        _current = new OrderTold(no, plug, asked);
        _orders.Add(_current);
        world.CountOrder();
    }

    private async Task PayAsync(OrderTold order)
    {
        if (order.SaidFen == 0)
            (order.SaidFen, order.IsByBalance) = (_random.Next(1, 8), _random.Next(3) == 0);
        var answer = await CallAsync(
            order.IsByBalance ? "payWithBalance" : "mobilePaymentCharging",
            $"\"deviceNo\":\"{order.Plug.Device}\",\"plug\":\"{order.Plug.Number:D2}\",\"orderNo\":\"{order.No}\",\"amount\":{Yuan(order.SaidFen)}");
        if (answer.Code is 5000)
            return;
        if (answer.Code is 3007 && order.IsByBalance)
        {
            order.SaidFen = 0;
            return;
        }
        if (answer.Code is 200 or 3004 or 4000)
            order.PaidCode = answer.Code;
        else
            world.Fault($"The payment of {order.No} was answered {answer.Text}");
        _current = null;
    }

    private async Task StopAsync()
    {
        if (_orders.FindLast(order => order.PaidCode == 200) is not { } order)
            return;
        var answer = await CallAsync("stopCharging", $"\"orderNo\":\"{order.No}\"");
        if (answer.Code is not (200 or 403 or 3004 or 4005 or 5000))
            world.Fault($"The stop of {order.No} was answered {answer.Text}");
        order.WasEnded |= answer.Code == 200;
    }

    private async Task LeaveAsync(OrderTold order)
    {
        if (order.SaidFen > 0)
            return;
        order.MayBeReleased = true;
        var answer = await CallAsync("mobilePaymentCharging", $"\"deviceNo\":\"{order.Plug.Device}\",\"plug\":\"{order.Plug.Number:D2}\"");
        order.WasReleased = answer.Code == 200;
        _current = null;
    }

    private async Task TopUpAsync()
    {
        var topUp = _topUps.Find(known => !known.WasCredited);
        if (topUp is null || _random.Next(4) == 0)
        {
            var fen = _random.Next(1, 500);
            var made = await CallAsync("getBalanceOrderNo", $"\"phone\":\"{_phone}\",\"amount\":{Yuan(fen)}");
            if (made.Code == 200)
                _topUps.Add(new TopUpTold(made.Data!.Value.GetString()!, fen));
            return;
        }
        topUp.MayBeCredited = true;
        var answer = await CallAsync("addBalance", $"\"phone\":\"{_phone}\",\"orderNo\":\"{topUp.No}\",\"amount\":{Yuan(topUp.Fen)}");
        if (answer.Code is not (200 or 5000))
            world.Fault($"Top-up {topUp.No} was answered {answer.Text}");
        topUp.WasCredited |= answer.Code == 200;
    }

    private async Task CardAsync()
    {
        var (card, told) = _cards.ElementAt(_random.Next(_cards.Count));
        var bind = !told.IsBound || told.InDoubt;
        told.InDoubt = true;
        var answer = await CallAsync(bind ? "bindCard" : "unbindCard", $"\"cardNo\":\"{card}\"");
        if (answer.Code == 5000)
            return;
        if (answer.Code != 200)
            world.Fault($"Card {card} was answered {answer.Text}");
        (told.IsBound, told.InDoubt) = (bind, false);
    }

    private Task SwipeAsync()
    {
        var plug = world.AnyPlug(_random);
        world.Pile(plug.Device).Swipe(plug.Number, _cards.ElementAt(_random.Next(_cards.Count)).Key);
        return Task.CompletedTask;
    }
}
