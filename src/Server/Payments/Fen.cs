using System.Globalization;
using Google.Protobuf.WellKnownTypes;

namespace Charging.Server.Payments;

/// <summary>Money at the edge: yuan on the wire, <see langword="long"/> fen (1/100 yuan) inside (contract section 3).</summary>
public static class Fen
{
    private const decimal Tolerance = 0.000001m;

    /// <summary>
    /// Reads yuan from a JSON number or a decimal string: above 0, at most <paramref name="limitFen"/>, two decimals.
    /// A number such as 3.3000000000000003 is what JavaScript makes of 1.1 × 3, and is taken for 3.30.
    /// </summary>
    /// <returns>False when it is anything else.</returns>
    public static bool TryParseYuan(Value? value, long limitFen, out long fen)
    {
        fen = 0;
        if (!TryReadDecimal(value, out var yuan) || yuan <= 0 || yuan > limitFen)
            return false;
        var exact = yuan * 100;
        var rounded = decimal.Round(exact);
        if (Math.Abs(exact - rounded) > Tolerance || rounded < 1 || rounded > limitFen)
            return false;
        fen = (long)rounded;
        return true;
    }

    /// <summary>Yuan for the wire. Exact to two decimals; the program never calculates with it.</summary>
    public static double ToYuan(long fen) => (double)(fen / 100m);

    private static bool TryReadDecimal(Value? value, out decimal yuan)
    {
        yuan = 0;
        switch (value?.KindCase)
        {
            case Value.KindOneofCase.NumberValue:
                var number = value.NumberValue;
                if (!double.IsFinite(number) || Math.Abs(number) > 1e12)
                    return false;
                // "R" keeps every digit that the number has, so that the tolerance judges what was sent.
                return decimal.TryParse(number.ToString("R", CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture, out yuan);
            case Value.KindOneofCase.StringValue:
                return value.StringValue.Length <= 24
                    && decimal.TryParse(value.StringValue, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out yuan);
            default:
                return false;
        }
    }
}
