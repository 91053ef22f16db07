using Charging.Device.V1;
using Charging.MqttBroker;
using Charging.Server.Accounts;
using Charging.Server.Cards;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Charging.Reliability.Model;

/// <summary>The bugs that the runs must find.</summary>
public static partial class Bugs
{
    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<Bug> All =
    [
        new("acknowledges before the commit", services => services.Around<IStore>((provider, store) => new EarlyAnswerStore(store, provider.GetRequiredService<Scheduler>(), 12))),
        new("acknowledges an event before its effect is durable", services => services.Give<PileEvents>((provider, store) => new EarlyAnswerStore(store, provider.GetRequiredService<Scheduler>(), 40))),
        new("has no unique key for a credit", services => services.Around<IStore>((_, store) => new BuggyStore(store, tx => new NoUniqueKey(tx)))),
        new("credits twice at once", services => services.Give<TopUps>((_, store) => new CheckThenActStore(store))),
        new("reserves twice at once", services => services.Give<Reservations>((_, store) => new CheckThenActStore(store))),
        new("moves an order whatever its state", services => services.Give<Starts>((_, store) => new BuggyStore(store, tx => new UnconditionalMove(tx)))),
        new("does not check the owner of a top-up", services => services.Give<TopUps>((_, store) => new BuggyStore(store, tx => new NoOwnerCheck(tx)))),
        new("counts money in floating point", services => services.Around<IStore>((_, store) => new BuggyStore(store, tx => new FloatMoney(tx)))),
        new("takes a late result for a new one", services => services.Around<IPileListener>((provider, inbox) => new LateResultTaken(inbox, provider.GetRequiredService<BusyPlugIndex>(), provider.GetRequiredService<TimeProvider>()))),
        new("does not check a lease", PlantLease),
        new("does not remember events", services => services.Give<PileEvents>((_, store) => new BuggyStore(store, tx => new ForgetsEvents(tx)))),
        new("refunds without a fixed number", services => services.Around<IPaymentProvider>((_, provider) => new NewRefundNumbers(provider))),
        new("frees a plug too early", services => services.Give<Starts>((_, store) => new BuggyStore(store, tx => new FreesEarly(tx)))),
        new("takes the rider's word for a payment", services => services.Around<IPaymentProvider>((_, provider) => new RidersWord(provider))),
        new("sends each start under a new id", PlantStartIds),
        new("forgets to ask about an order that expired", services => services.Around<IStore>((_, store) => new BuggyStore(store, tx => new ForgetsClosing(tx)))),
        new("debits without looking at the balance", services => services.Give<BalancePayment>((_, store) => new BuggyStore(store, tx => new EndlessBalance(tx)))),
        new("debits twice at once", services => services.Give<BalancePayment>((_, store) => new CheckThenActStore(store))),
        new("sends what the balance paid back to the provider", services => services.Give<PileEvents>((_, store) => new BuggyStore(store, tx => new EverythingByPhone(tx)))),
        new("forgets that the provider was paid too", services => services.Give<BalancePayment>((_, store) => new BuggyStore(store, tx => new ForgetsSurplus(tx)))),
        new("makes a payment with another amount again", services => services.Give<Prepayments>((_, store) => new BuggyStore(store, tx => new ForgetsAmount(tx)))),
        new("forgets a stop that its pile did not hear", services => services.Give<Stops>((_, store) => new BuggyStore(store, tx => new StopsOnce(tx)))),
        new("takes a stop for the end of the charge", services => services.Give<StopRequests>((_, store) => new BuggyStore(store, tx => new EndsAtOnce(tx)))),
        new("bills what a pile says, whether or not that can be", services => services.Give<PileEvents>((_, store) => new BuggyStore(store, tx => new BelievesPiles(tx)))),
        new("gives what comes to less than a fen", services => services.Give<PileEvents>((_, store) => new BuggyStore(store, tx => new GivesFractions(tx)))),
        new("settles a lost charge by each of its late records", services => services.Give<PileEvents>((_, store) => new BuggyStore(store, tx => new SettlesLateAgain(tx)))),
        new("does not limit the live orders of a rider", services => services.Give<Reservations>((_, store) => new BuggyStore(store, tx => new IgnoresLiveOrders(tx)))),
        new("tells a pile the balance of a card that is refused", services => services.Give<PileEvents>((_, store) => new TellsBalances(store))),
        new("gives a plug again to who left it unpaid", services => services.Give<Reservations>((_, store) => new BuggyStore(store, tx => new ForgetsUnpaid(tx)))),
        new("answers about any number of cards", services => services.Give<Cards>((_, store) => new BuggyStore(store, tx => new ForgetsForeignCards(tx)))),
    ];

    /// <summary>
    /// Those that can be planted where operations run on threads of their own. An answer before the commit leads the scheduler
    /// on from within the operation, which is for its thread alone.
    /// </summary>
    public static IReadOnlyList<Bug> OnPostgreSql => [.. All.Where(bug => !bug.Name.StartsWith("acknowledges", StringComparison.Ordinal))];

    private static void PlantLease(IServiceCollection services)
    {
        var held = new AsyncLocal<DueRow?>();
        foreach (var handler in services.Where(descriptor => descriptor.ServiceType == typeof(IDueHandler)).ToList())
        {
            services.Remove(handler);
            services.AddSingleton<IDueHandler>(provider => new HoldsAlways((IDueHandler)handler.ImplementationFactory!(provider), held));
        }
        services.Around<IStore>((_, store) => new NoLeaseStore(store, held));
    }

    private static void PlantStartIds(IServiceCollection services)
    {
        services.Around<IPileLink>((_, link) => new NewStartIds(link));
        services.Around<IPileListener>((_, inbox) => new OldStartIds(inbox));
    }

    private sealed class NoLeaseStore(IStore store, AsyncLocal<DueRow?> held) : IStore
    {
        public Task<TResult> RunAsync<TResult>(Func<ITransaction, ValueTask<TResult>> operation, CancellationToken cancellationToken = default)
        {
            // The operation runs on behalf of whoever brings it, not of whoever runs the batch.
            var row = held.Value;
            return store.RunAsync(tx => operation(new NoLease(tx, row)), cancellationToken);
        }
    }

    private sealed class NoLease(ITransaction tx, DueRow? held) : BuggyTransaction(tx)
    {
        protected override object? Read(string key, object? entity) => key == held?.Key && entity is null or DueRow ? held : entity;
    }

    private sealed class HoldsAlways(IDueHandler handler, AsyncLocal<DueRow?> held) : IDueHandler
    {
        public DueKind Kind => handler.Kind;

        public Task RunAsync(DueRow row, CancellationToken cancellationToken)
        {
            held.Value = row;
            return handler.RunAsync(row, cancellationToken);
        }
    }

    /// <summary>Looks in one operation, and acts in another.</summary>
    private sealed class CheckThenActStore(IStore store) : IStore
    {
        public async Task<TResult> RunAsync<TResult>(Func<ITransaction, ValueTask<TResult>> operation, CancellationToken cancellationToken = default)
        {
            var writes = new List<Action<ITransaction>>();
            var result = await store.RunAsync(tx => operation(new LaterWrites(tx, writes)), cancellationToken);
            if (writes.Count > 0)
            {
                await store.RunAsync(
                    tx =>
                    {
                        writes.ForEach(write => write(tx));
                        return ValueTask.FromResult(true);
                    },
                    CancellationToken.None);
            }
            return result;
        }
    }

    /// <summary>Reads its own writes, as any transaction does, and keeps them back.</summary>
    private sealed class LaterWrites(ITransaction tx, List<Action<ITransaction>> writes) : ITransaction
    {
        private readonly Dictionary<(ITable, string), object?> _own = [];

        public DateTimeOffset Now => tx.Now;

        public async ValueTask<T?> GetAsync<T>(Table<T> table, string key)
            where T : class => _own.TryGetValue((table, key), out var own) ? (T?)own : await tx.GetAsync(table, key);

        public ValueTask<IReadOnlyList<T>> ListAsync<T>(Index<T> index, KeyRange range, int limit)
            where T : class => tx.ListAsync(index, range, limit);

        public void Put<T>(Table<T> table, T entity)
            where T : class
        {
            _own[(table, table.KeyOf(entity))] = entity;
            writes.Add(later => later.Put(table, entity));
        }

        public void Delete<T>(Table<T> table, string key)
            where T : class
        {
            _own[(table, key)] = null;
            writes.Add(later => later.Delete(table, key));
        }

        public ValueTask<long> NextNumberAsync(string sequence) => tx.NextNumberAsync(sequence);

        public ValueTask RaiseNumberAsync(string sequence, long given) => tx.RaiseNumberAsync(sequence, given);
    }

    /// <summary>Answers when the operation has run, and the others go on, before it is on disk.</summary>
    private sealed class EarlyAnswerStore(IStore store, Scheduler scheduler, int lead) : IStore
    {
        public Task<TResult> RunAsync<TResult>(Func<ITransaction, ValueTask<TResult>> operation, CancellationToken cancellationToken = default)
        {
            var answer = new TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously);
            _ = RunAsync();
            return answer.Task;

            async Task RunAsync()
            {
                try
                {
                    await store.RunAsync(
                        async tx =>
                        {
                            answer.TrySetResult(await operation(tx));
                            for (var step = 0; step < lead && scheduler.HasWorkWithin(TimeSpan.FromSeconds(0.1)); step++)
                                scheduler.Run();
                            return true;
                        },
                        cancellationToken);
                }
                catch (Exception fault)
                {
                    answer.TrySetException(fault);
                }
            }
        }
    }

    private class Inbox(IPileListener inbox) : IPileListener
    {
        public int? Authenticate(DeviceNo device, string secret) => inbox.Authenticate(device, secret);

        public int? Admit(DeviceNo device) => inbox.Admit(device);

        public void Remembered(DeviceNo device) => inbox.Remembered(device);

        public void Connected(PileSession session) => inbox.Connected(session);

        public void Disconnected(PileSession session) => inbox.Disconnected(session);

        public void StatusReceived(PileSession session, PileStatus status) => inbox.StatusReceived(session, status);

        public void TelemetryReceived(PileSession session, PileTelemetry telemetry) => inbox.TelemetryReceived(session, telemetry);

        public Task EventReceivedAsync(PileSession session, PileEvent pileEvent) => inbox.EventReceivedAsync(session, pileEvent);

        public virtual Task ResultReceivedAsync(PileSession session, CommandResult result) => inbox.ResultReceivedAsync(session, result);

        public void Unreadable(PileSession session, string topic, ReadOnlyMemory<byte> payload) => inbox.Unreadable(session, topic, payload);
    }

    /// <summary>A result that comes again, some time later, is taken for that of the order that has the plug by then.</summary>
    private sealed class LateResultTaken(IPileListener inbox, BusyPlugIndex busyPlugs, TimeProvider clock) : Inbox(inbox)
    {
        private int _number;

        public override async Task ResultReceivedAsync(PileSession session, CommandResult result)
        {
            await base.ResultReceivedAsync(session, result);
            await Task.Delay(TimeSpan.FromSeconds(1 + (_number++ % 10)), clock);
            if (!result.CommandId.StartsWith("start-", StringComparison.Ordinal) || result.Plug is null
                || busyPlugs.Find(new PlugId(session.Device, (int)result.Plug.Plug)) is not { } busy)
                return;
            var taken = result.Clone();
            taken.CommandId = PileCommands.StartId(busy.OrderNo.ToString());
            await base.ResultReceivedAsync(session, taken);
        }
    }

    private sealed class OldStartIds(IPileListener inbox) : Inbox(inbox)
    {
        public override Task ResultReceivedAsync(PileSession session, CommandResult result)
        {
            var known = result.Clone();
            if (result.CommandId.StartsWith("start-", StringComparison.Ordinal))
                known.CommandId = result.CommandId[..result.CommandId.LastIndexOf('-')];
            return base.ResultReceivedAsync(session, known);
        }
    }

    private sealed class NewStartIds(IPileLink link) : IPileLink
    {
        private int _number;

        public ValueTask<bool> SendAsync(DeviceNo device, Command command, CancellationToken cancellationToken = default)
        {
            if (command.StartCharge is not null)
                command.CommandId += $"-{_number++}";
            return link.SendAsync(device, command, cancellationToken);
        }

        public ValueTask DisconnectAsync(DeviceNo device, CancellationToken cancellationToken = default) => link.DisconnectAsync(device, cancellationToken);
    }

    private class Provider(IPaymentProvider provider) : IPaymentProvider
    {
        public Task<PaymentParameters> PrepayAsync(PrepayRequest payment, CancellationToken cancellationToken) => provider.PrepayAsync(payment, cancellationToken);

        public virtual Task<PaymentAnswer> QueryAsync(string orderNo, long? expectedFen, CancellationToken cancellationToken) => provider.QueryAsync(orderNo, expectedFen, cancellationToken);

        public Task CloseAsync(string orderNo, CancellationToken cancellationToken) => provider.CloseAsync(orderNo, cancellationToken);

        public virtual Task<RefundState> RefundAsync(RefundRequest refund, CancellationToken cancellationToken) => provider.RefundAsync(refund, cancellationToken);

        public virtual Task<RefundState> QueryRefundAsync(string refundNo, CancellationToken cancellationToken) => provider.QueryRefundAsync(refundNo, cancellationToken);

        public Task<IReadOnlyList<BillLine>?> BillAsync(DateOnly day, CancellationToken cancellationToken) => provider.BillAsync(day, cancellationToken);
    }

    private sealed class RidersWord(IPaymentProvider provider) : Provider(provider)
    {
        public override async Task<PaymentAnswer> QueryAsync(string orderNo, long? expectedFen, CancellationToken cancellationToken) =>
            await base.QueryAsync(orderNo, expectedFen, cancellationToken) is { } answer && (answer.State == PaymentState.Paid || expectedFen is null)
                ? answer
                : new PaymentAnswer(PaymentState.Paid, expectedFen!.Value);
    }

    /// <summary>Asks for the same refund again under another number, when it does not know what became of the first.</summary>
    private sealed class NewRefundNumbers(IPaymentProvider provider) : Provider(provider)
    {
        private readonly HashSet<string> _asked = [];
        private int _number;

        public override Task<RefundState> RefundAsync(RefundRequest refund, CancellationToken cancellationToken) =>
            base.RefundAsync(_asked.Add(refund.No) ? refund : refund with { No = $"{refund.No}x{_number++}" }, cancellationToken);

        public override Task<RefundState> QueryRefundAsync(string refundNo, CancellationToken cancellationToken) => Task.FromResult(RefundState.Unknown);
    }
}
