using System.Globalization;
using Charging.Server.Orders;
using Charging.Server.Storage;
using Charging.Testing;

namespace Charging.Reliability.Nodes;

/// <summary>A rider who asks any node, each time another, and remembers every answer.</summary>
internal sealed class NodesRider(NodesWorld world, string token, int seed)
{
    /// <summary>How long plugs are kept in these runs.</summary>
    public static readonly TimeSpan Reservation = TimeSpan.FromSeconds(4);

    private const int MostTries = 6;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Random _random = new(seed);
    private readonly List<Told> _told = [];

    /// <summary>Orders that the rider was given.</summary>
    public int Orders => _told.Count;

    /// <summary>Charges, one after the other.</summary>
    public async Task RunAsync(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            var (device, plug) = world.AnyPlug(_random);
            var reserved = await CallAsync("getOrderNo", new { deviceNo = device, plug });
            if (reserved is { Code: 200 } && reserved.Data?.GetString() is { } no && _told.All(told => told.No != no))
                await PayAsync(new Told(no), device, plug);
            await Task.Delay(Pause, CancellationToken.None);
        }
    }

    /// <summary>Compares what the rider was told with the store.</summary>
    public async ValueTask CheckAsync(ITransaction tx, List<string> faults)
    {
        foreach (var told in _told)
        {
            if (await tx.GetAsync(OrderTables.Orders, told.No) is not { } order)
                faults.Add($"Order {told.No} was answered and is gone.");
            else if (told.Code == 200 && (order.State != OrderState.Settled || order.PaidFen != told.Fen))
                faults.Add($"Order {told.No} was answered 200 for {told.Fen} fen, and is {order.State} with {order.PaidFen}.");
            else if (told.Code is 3004 or 4000 && order.State != OrderState.Refunded)
                faults.Add($"Order {told.No} was answered {told.Code}, and is {order.State}.");
        }
    }

    private async Task PayAsync(Told told, string device, string plug)
    {
        _told.Add(told);
        if (_random.Next(8) == 0)
            return;
        told.Fen = _random.Next(1, 8);
        world.Pay(told.No, told.Fen);
        for (var tries = 0; tries < MostTries && told.Code is 0; tries++)
        {
            var answer = await CallAsync("mobilePaymentCharging", new { deviceNo = device, plug, orderNo = told.No, amount = told.Fen / 100m });
            told.Code = answer?.Code is 200 or 3004 or 4000 ? answer.Code : 0;
        }
    }

    private async Task<Answer?> CallAsync(string route, object body)
    {
        try
        {
            var answer = await world.AnyNode(_random).Server.CallAsync(route, body, token);
            if (answer.Code is 401 or 402 or 500)
                world.Fault($"{route} was answered {answer.Text}");
            return answer;
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException or AggregateException)
        {
            // The node is down, cut off, or on its way up.
            world.CountDoubt();
            await Task.Delay(Pause, CancellationToken.None);
            return null;
        }
    }

    private sealed class Told(string no)
    {
        public string No => no;

        public long Fen { get; set; }

        public int Code { get; set; }
    }
}
