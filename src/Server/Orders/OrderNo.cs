using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Serialization;
using Charging.MqttBroker;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Orders;

/// <summary>The number of an order or a top-up: up to 32 letters and digits (contract section 3).</summary>
[JsonConverter(typeof(ParsableJsonConverter<OrderNo>))]
public readonly record struct OrderNo : IParsable<OrderNo>
{
    private readonly string? _text;

    private OrderNo(string text) => _text = text;

    /// <summary>
    /// A new number: the day in Asia/Shanghai and a counter of ten digits that never restarts, such as
    /// `201912040000000352`.
    /// </summary>
    public static async ValueTask<OrderNo> NextAsync(ITransaction tx)
    {
        var number = await tx.NextNumberAsync(NumberSequence.Orders);
        return new OrderNo(string.Create(CultureInfo.InvariantCulture, $"{Shanghai.At(tx.Now):yyyyMMdd}{number:D10}"));
    }

    /// <summary>The number of a card order: the pile and the time in epoch milliseconds, such as `014441AC531575425911905`.</summary>
    public static OrderNo ForCard(DeviceNo device, DateTimeOffset at) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{device}{at.ToUnixTimeMilliseconds()}"));

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? text, IFormatProvider? provider, out OrderNo result)
    {
        var valid = text is { Length: > 0 and <= 32 } && text.All(char.IsAsciiLetterOrDigit);
        result = valid ? new OrderNo(text!) : default;
        return valid;
    }

    /// <summary>Parses a number.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out OrderNo result) => TryParse(text, null, out result);

    /// <summary>Parses a number that is known to be good.</summary>
    /// <exception cref="FormatException">It is not up to 32 letters and digits.</exception>
    public static OrderNo Parse(string text, IFormatProvider? provider = null) =>
        TryParse(text, provider, out var result) ? result : throw new FormatException($"'{text}' is not an order number.");

    /// <inheritdoc/>
    public override string ToString() => _text ?? "";
}
