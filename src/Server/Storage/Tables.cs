using System.Text.Json.Serialization;
using Charging.Server.Accounts;
using Charging.Server.Cards;
using Charging.Server.Clock;
using Charging.Server.Moving;
using Charging.Server.Operations;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Stations;

namespace Charging.Server.Storage;

/// <summary>Every table of the server. A feature defines its own; this is the list that an engine is opened with.</summary>
public static class Tables
{
    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<ITable> All =
    [
        AccountTables.Users, AccountTables.Tokens, AccountTables.Codes, AccountTables.SmsWindows, AccountTables.ServerKeys,
        CardTables.Cards,
        PileTables.Piles, PileTables.SeenEvents, PileTables.Quarantine, PileTables.Alarms, PileCounts.Table,
        StationTables.Stations,
        OrderTables.Orders, OrderTables.BusyPlugs, OrderStep.Table, DayFigures.Table, Tariffs.Table,
        TopUp.Table, Refund.Table, Ledger.Entries, LedgerMark.Table,
        OperatorKeys.Table, AuditTables.Entries, Spending.Table,
        DueRows.Table, MoveMark.Table, Restore.Table, StoreTime.Table,
    ];

    /// <summary>Every step of the schema there has ever been.</summary>
    public static readonly IReadOnlyList<Migration> Migrations =
    [
        // Properties that an older program would drop.
        new(1, "piles", pile => pile),
        // Riders are found by what their names look like.
        new(2, "users", user => user),
        // Properties that an older program would drop.
        new(3, "cards", card => card),
        // Properties that an older program would drop.
        new(4, "piles", pile => pile),
        // Properties that an older program would drop.
        new(5, "due", due => due),
        // Properties that an older program would drop.
        new(6, "users", user => user),
        // Properties that an older program would drop.
        new(7, "codes", codes => codes),
        new(8, "cards", card => card),
        new(9, "cards", card => card),
        new(10, "users", user => user),
        // Nobody knows when riders have logged in before it was kept, and nobody must be locked out for that.
        new(11, "users", Ownership.KeepLogins),
        // One row of a plug for all codes that nobody knows.
        new(12, "alarms", PileAlarms.Migrate),
    ];

    /// <summary>Those that an <see cref="IStoreObserver"/> follows, and so are told from node to node.</summary>
    public static readonly IReadOnlyList<FollowedTable> Followed =
    [
        new(AccountTables.Users, Missed.Since), new(AccountTables.Tokens, Missed.Compared),
        new(PileTables.Piles, Missed.ComparedOften), new(PileTables.Alarms, Missed.ComparedOften),
        new(StationTables.Stations, Missed.ComparedOften),
        new(OrderTables.Orders, Missed.Lost), new(OrderTables.BusyPlugs, Missed.ComparedOften),
        new(OperatorKeys.Table, Missed.ComparedOften), new(Restore.Table, Missed.ComparedOften),
        new(Refund.Table, Missed.Since),
        new(DueRows.Table, Missed.ComparedOften),
    ];
}

/// <summary>How the entities are written: compact JSON, nulls and what is computed left out.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(User))]
[JsonSerializable(typeof(Token))]
[JsonSerializable(typeof(PhoneCodes))]
[JsonSerializable(typeof(SmsWindow))]
[JsonSerializable(typeof(ServerKey))]
[JsonSerializable(typeof(Card))]
[JsonSerializable(typeof(Pile))]
[JsonSerializable(typeof(SeenEvent))]
[JsonSerializable(typeof(QuarantinedMessage))]
[JsonSerializable(typeof(PileAlarm))]
[JsonSerializable(typeof(PileCounts))]
[JsonSerializable(typeof(Station))]
[JsonSerializable(typeof(Order))]
[JsonSerializable(typeof(OrderStep))]
[JsonSerializable(typeof(DayFigures))]
[JsonSerializable(typeof(BusyPlug))]
[JsonSerializable(typeof(Tariff))]
[JsonSerializable(typeof(TopUp))]
[JsonSerializable(typeof(Refund))]
[JsonSerializable(typeof(LedgerEntry))]
[JsonSerializable(typeof(LedgerMark))]
[JsonSerializable(typeof(OperatorKey))]
[JsonSerializable(typeof(AuditEntry))]
[JsonSerializable(typeof(Spending))]
[JsonSerializable(typeof(DueRow))]
[JsonSerializable(typeof(MoveMark))]
[JsonSerializable(typeof(Restore))]
[JsonSerializable(typeof(StoreTime))]
public sealed partial class StoreJson : JsonSerializerContext;
