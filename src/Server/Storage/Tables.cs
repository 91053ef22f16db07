using System.Text.Json.Serialization;
using Charging.Server.Accounts;
using Charging.Server.Cards;

namespace Charging.Server.Storage;

/// <summary>Every table of the server. A feature defines its own; this is the list that an engine is opened with.</summary>
public static class Tables
{
    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<ITable> All =
    [
        AccountTables.Users, AccountTables.Tokens, AccountTables.Codes, AccountTables.ServerKeys,
        CardTables.Cards,
    ];
}

/// <summary>How the entities are written: compact JSON, nulls and defaults left out.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(User))]
[JsonSerializable(typeof(Token))]
[JsonSerializable(typeof(PhoneCodes))]
[JsonSerializable(typeof(ServerKey))]
[JsonSerializable(typeof(Card))]
public sealed partial class StoreJson : JsonSerializerContext;
