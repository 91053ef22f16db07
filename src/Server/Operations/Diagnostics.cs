using Charging.MqttBroker;
using Charging.Server.Accounts;
using Charging.Server.Calls;
using Charging.Server.Clock;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;

namespace Charging.Server.Operations;

/// <summary>What the store tells about the server's health.</summary>
/// <param name="DueWaiting">Work that is due and was not taken up.</param>
/// <param name="Stuck">Whether some of it has waited for longer than a minute.</param>
/// <param name="Quarantined">Messages set aside; 200 stands for 200 or more.</param>
/// <param name="InTrouble">Orders that wait for an operator; 200 stands for 200 or more.</param>
/// <param name="RefundsOwed">Refunds that the provider has not sent back yet; 200 stands for 200 or more.</param>
public sealed record StoreFigures(int DueWaiting, bool Stuck, int Quarantined, int InTrouble, int RefundsOwed);

/// <summary>Finds what is misconfigured and what waits.</summary>
public sealed class Diagnostics(
    IStore store,
    DueWorker due,
    ClockWatch clocks,
    LedgerGuard ledger,
    RestoreCheck restore,
    Listeners listeners,
    IPileLink link,
    IHostEnvironment environment,
    IPaymentProvider payments,
    ISmsSender sms,
    ProxyCheck proxies,
    ServerOptions options)
{
    /// <summary>How long the store may take to answer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private const int MaxCount = 200;
    private const int MaxFindings = 3;

    // Two leases: what was not taken up by then is stuck.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    /// <summary>Who takes the riders' money.</summary>
    public string PaymentProvider { get; } = Named(payments, nameof(PaymentProvider));

    /// <summary>Who sends the validation codes.</summary>
    public string SmsProvider { get; } = Named(sms, "SmsSender");

    /// <summary>The store's figures, or null when it does not answer in time.</summary>
    public async Task<StoreFigures?> FiguresAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await store.RunAsync(CountAsync, cancellationToken).WaitAsync(Patience, cancellationToken);
        }
        catch (Exception e) when (e is StoreUnavailableException or TimeoutException)
        {
            return null;
        }
    }

    /// <summary>What is wrong, in sentences that say what to do.</summary>
    public IEnumerable<string> Warnings(StoreFigures? figures)
    {
        if (figures is null)
            yield return store.Trouble ?? "The store does not answer: look into the server's log, and whether the disk of Charging:DataDirectory is full or PostgreSQL is down.";
        if (link.Trouble is { } trouble)
            yield return $"{trouble}. Look at Charging:Mqtt, and at the broker's log.";
        if (store.OtherNodes > 0 && listeners.Names.Contains(PileBrokerExtensions.EndpointName))
            yield return "Other nodes serve this database, and piles that connect to this one are offline for those: set Charging:Mqtt:Mode=External on all of them (docs/scale.md).";
        if (figures is { Stuck: true })
            yield return "Work has been due for more than a minute, such as refunds or commands: look into the server's log for what fails.";
        foreach (var warning in restore.Warnings())
            yield return warning;
        if (clocks.Warning is { } jump)
            yield return jump;
        foreach (var finding in ledger.Findings.Take(MaxFindings))
            yield return $"The ledger does not add up: {finding.Sentence} Run 'chargectl ledger check' and see docs/money.md.";
        if (!environment.IsDevelopment() && payments is SandboxPaymentProvider)
            yield return "The sandbox takes the payments outside Development, so every charge is given away: set Charging:Payment:Provider.";
        if (!environment.IsDevelopment() && sms is ConsoleSmsSender)
            yield return "Validation codes are written to the log outside Development: set Charging:Sms:Provider.";
        foreach (var warning in proxies.Warnings())
            yield return warning;
        foreach (var name in listeners.Names.Where(name => !listeners.IsLoopback(name) && !listeners.IsTls(name) && !IsBehindProxy(name)))
            yield return $"{name} is open to other machines without TLS, so {Exposed(name)} can be overheard: give Kestrel:Endpoints:{name} an https address and a certificate.";
    }

    private async ValueTask<StoreFigures> CountAsync(ITransaction tx)
    {
        var quarantined = await tx.ListAsync(PileTables.Quarantine.ByKey, KeyRange.Prefix(""), MaxCount);
        var trouble = await tx.ListAsync(OrderTables.InTrouble, KeyRange.Prefix(""), MaxCount);
        var owed = await tx.ListAsync(DueRows.Table.ByKey, KeyRange.Prefix(DueRow.KeyOf(DueKind.Refund, "")), MaxCount);
        var (waiting, longest) = due.Waiting();
        return new StoreFigures(waiting, longest > LongestWait, quarantined.Count, trouble.Count, owed.Count);
    }

    private bool IsBehindProxy(string name) => name == "Http" && options.TrustedProxies.Length > 0;

    private static string Exposed(string name) => name switch
    {
        "Mqtt" => "the piles' secrets",
        "Grpc" => "operator keys",
        _ => "riders' tokens",
    };

    private static string Named(object provider, string suffix) =>
        provider.GetType().Name is var name && name.EndsWith(suffix, StringComparison.Ordinal) ? name[..^suffix.Length] : name;
}
