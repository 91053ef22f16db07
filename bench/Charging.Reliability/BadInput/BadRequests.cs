using System.Text;
using Charging.Testing;
using CsCheck;
using Google.Protobuf.Reflection;

namespace Charging.Reliability.BadInput;

/// <summary>A request of which nobody knows whether it is good.</summary>
internal sealed record BadRequest(string Route, byte[] Body, bool WithToken);

/// <summary>Names that mean something to the server, so that bad input gets past the first look.</summary>
internal sealed record KnownNames(string Device, string Phone, string OrderNo)
{
    /// <summary>All of them, and some that look like them.</summary>
    public string[] Any => [Device, Phone, OrderNo, "01", "02", "0A", "register", "login", "000000", "2577522B", "111111786", "wx", ""];
}

/// <summary>Generates requests: the fields of each route with values of any type, and then the text of it mutated.</summary>
internal static class BadRequests
{
    private static readonly string[] Numbers =
        ["0", "-0", "1", "-1", "0.01", "1.005", "3.3000000000000003", "1e400", "-1e400", "1e-400", "2147483648", "-2147483649", "9223372036854775808", "1000", "1000.01", "NaN", "Infinity", "01", "1.", ".5", "0x10"];

    private static readonly string[] Pieces =
        [@"\u0000", @"\ud800", @"\udc00\ud800", @"\uffff", "\u202e", "微信", "😀", "é", "\\", "\"", "{", "}", "[", "]", ",", ":", "null", " ", "\t", "/*", "\u0001", "\u007f", "$", "%00", "' or 1=1 --"];

    private static readonly Gen<string> Text = Gen.Frequency(
        (6, Gen.OneOf(Pieces).Array[0, 4].Select(string.Concat)),
        (2, Gen.Char.Array[0, 40].Select(chars => JsonText(new string(chars)))),
        (1, Gen.Int[16, 70].Select(length => new string('9', length))),
        (1, Gen.OneOf(1_000, 70_000).Select(length => new string('x', length))));

    public static Gen<BadRequest> Of(KnownNames names)
    {
        var known = Gen.OneOf(names.Any).Select(name => $"\"{name}\"");
        var value = Value(known, 3);
        var routes = Routes.All.Values.Select(route => Route(route, value, names)).ToArray();
        return Gen.Int[0, routes.Length - 1].SelectMany(route => routes[route]);
    }

    private static Gen<BadRequest> Route(Route route, Gen<string> value, KnownNames names)
    {
        var body = Fields(route.Method.InputType.FindFieldByName("body").MessageType, value, names);
        var flat = Fields(route.Method.InputType, value, names);
        var whole = Gen.Frequency(
            (6, body.Select(fields => $$"""{"body":{{fields}}}""")),
            (1, flat),
            (1, value),
            (1, Gen.Int[50, 300].Select(depth => string.Concat(Enumerable.Repeat("{\"body\":", depth)) + "{}" + new string('}', depth))));
        return Gen.Select(whole.Select(Encoding.UTF8.GetBytes), Mutations.Gen, Gen.Int[0, 4], (bytes, mutate, token) =>
            new BadRequest(route.Name, mutate(bytes), token > 0));
    }

    private static Gen<string> Fields(MessageDescriptor message, Gen<string> value, KnownNames names)
    {
        var fields = message.Fields.InDeclarationOrder().Select(field => field.JsonName).Append("extra")
            .Select(name => Gen.Frequency((5, Fitting(name, names).Select(fits => $"\"{name}\":{fits}")), (1, value.Select(any => $"\"{name}\":{any}")), (1, Gen.Const(""))));
        return fields.Aggregate(Gen.Const(""), (before, field) => Gen.Select(before, field, (left, right) => left.Length == 0 || right.Length == 0 ? left + right : $"{left},{right}"))
            .Select(inside => $"{{{inside}}}");
    }

    /// <summary>A value that gets past the first look at a field.</summary>
    private static Gen<string> Fitting(string field, KnownNames names) => field switch
    {
        "phone" => Gen.OneOf($"\"{names.Phone}\"", "\"13912345678\""),
        "deviceNo" => Gen.Frequency((5, $"\"{names.Device}\""), (1, $"\"{names.OrderNo}\"")),
        "plug" => Gen.Int[1, 11].Select(plug => $"\"{plug:D2}\""),
        "orderNo" => Gen.Const($"\"{names.OrderNo}\""),
        "amount" or "dailyLimit" => Gen.OneOf("1", "0.01", "\"1.01\"", "1000"),
        "detail" => Gen.OneOf("true", "false"),
        "pageNum" or "pageSize" => Gen.OneOf("1", "10", "100", "\"1\"", "0"),
        "codeType" => Gen.OneOf("\"register\"", "\"login\""),
        _ => Gen.OneOf(names.Any).Select(name => $"\"{name}\""),
    };

    private static Gen<string> Value(Gen<string> known, int depth)
    {
        var plain = Gen.Frequency((8, known), (3, Gen.OneOf(Numbers)), (3, Text.Select(text => $"\"{text}\"")), (1, Gen.OneOf("null", "true", "false")));
        if (depth == 0)
            return plain;
        var inner = Value(known, depth - 1);
        return Gen.Frequency(
            (12, plain),
            (1, inner.Array[0, 3].Select(values => $"[{string.Join(',', values)}]")),
            (1, inner.Select(nested => $$"""{"a":{{nested}}}""")));
    }

    private static string JsonText(string text) => System.Text.Json.JsonEncodedText.Encode(Clean(text)).ToString();

    // The encoder refuses lone surrogates, which the pieces have as escapes.
    private static string Clean(string text) => string.Concat(text.Where(c => !char.IsSurrogate(c)));
}

/// <summary>Changes bytes: none, one, a few, a piece doubled, moved or cut off.</summary>
internal static class Mutations
{
    public static readonly Gen<Func<byte[], byte[]>> Gen = CsCheck.Gen.Frequency(
        (5, CsCheck.Gen.Const<Func<byte[], byte[]>>(bytes => bytes)),
        (3, Places((bytes, at, value) => bytes.Length == 0 ? bytes : [.. bytes[..(at % bytes.Length)], value, .. bytes[((at % bytes.Length) + 1)..]])),
        (2, Places((bytes, at, value) => [.. bytes[..(at % (bytes.Length + 1))], value, .. bytes[(at % (bytes.Length + 1))..]])),
        (1, Places((bytes, at, _) => bytes[..(at % (bytes.Length + 1))])),
        (1, Places((bytes, at, value) => [.. bytes[..(at % (bytes.Length + 1))], .. bytes[..Math.Min(bytes.Length, value)], .. bytes[(at % (bytes.Length + 1))..]])));

    private static Gen<Func<byte[], byte[]>> Places(Func<byte[], int, byte, byte[]> change) =>
        CsCheck.Gen.Select(CsCheck.Gen.Int[0, 100_000], CsCheck.Gen.Byte).Array[1, 3].Select(places =>
            (Func<byte[], byte[]>)(bytes => places.Aggregate(bytes, (now, place) => change(now, place.Item1, place.Item2))));
}
