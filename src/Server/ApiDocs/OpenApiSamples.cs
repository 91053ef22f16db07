using System.Text.Json.Nodes;
using Google.Protobuf.Reflection;

namespace Charging.Server.ApiDocs;

/// <summary>Examples, made from the names of the fields: the values of the mini-program's document where it has one.</summary>
internal static class OpenApiSamples
{
    private const int Deepest = 6;
    private const string OrderNo = "201912040000000352";
    private const string Token = "Bearer 3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    /// <summary>By full name of the field where that is not enough, else by its name. Null: left out.</summary>
    private static readonly Dictionary<string, JsonNode?> Known = new()
    {
        ["charging.miniprogram.v1.RegisterResponse.data"] = Token,
        ["charging.miniprogram.v1.LoginResponse.data"] = Token,
        ["charging.miniprogram.v1.AddBalanceRequest.Body.device_no"] = null,
        ["charging.miniprogram.v1.SendValidateCodeRequest.Body.code_type"] = "login",
        ["charging.miniprogram.v1.Pile.plugs"] = new JsonArray(0, 1, 0, 0, 0, 0, 0, 0, 0, 2),
        ["charging.miniprogram.v1.Order.card_no"] = JsonValue.Create((string?)null),
        ["page_token"] = null,
        ["next_page_token"] = "",
        ["data"] = OrderNo,
        ["success"] = true,
        ["message"] = "成功",
        ["phone"] = "13800138000",
        ["wxname"] = "rider-1",
        ["wx_name"] = "rider-1",
        ["device_no"] = "014441AC53",
        ["plug"] = "02",
        ["plug_no"] = "02",
        ["plug_label"] = "02",
        ["order_no"] = OrderNo,
        ["card_no"] = "111111786",
        ["card_nos"] = new JsonArray("111111786", "34345799"),
        ["charging.miniprogram.v1.Card.state"] = "active",
        ["amount"] = 1.01,
        ["daily_limit"] = 20,
        ["balance"] = 12.5,
        ["page_num"] = 1,
        ["page_size"] = 10,
        ["charging_start_time"] = "2019年12月04日 11时07分",
        ["charging_end_time"] = "2019年12月04日 19时37分",
        ["elapsed_time"] = "8小时30分",
    };

    /// <summary>An example of a request: wrapped in `body`, where it may be.</summary>
    public static JsonObject OfRequest(MessageDescriptor request)
    {
        var fields = request.FindFieldByName("body") is { FieldType: FieldType.Message } body ? [body] : request.Fields.InDeclarationOrder();
        return Of(fields, Deepest);
    }

    /// <summary>An example of some fields.</summary>
    public static JsonObject Of(IEnumerable<FieldDescriptor> fields, int deepest = Deepest)
    {
        var sample = new JsonObject();
        var choices = new HashSet<OneofDescriptor>();
        foreach (var field in fields)
        {
            // One of a choice is enough, and the code of an answer is a number where that of a request is text.
            if (field.RealContainingOneof is { } choice && !choices.Add(choice))
                continue;
            if (ValueOf(field, deepest, out var value))
                sample[field.JsonName] = value;
        }
        return sample;
    }

    /// <summary>An example of a field; false where it is left out.</summary>
    public static bool ValueOf(FieldDescriptor field, int deepest, out JsonNode? value)
    {
        value = null;
        if (Known.TryGetValue(field.FullName, out var known) || (Fits(field) && Known.TryGetValue(field.Name, out known)))
        {
            value = known?.DeepClone();
            return known is not null || field.FieldType == FieldType.Message;
        }
        if (deepest == 0)
            return false;
        var one = OneOf(field, deepest);
        value = field.IsMap ? new JsonObject() : field.IsRepeated ? new JsonArray(one) : one;
        return true;
    }

    private static bool Fits(FieldDescriptor field) =>
        (field.FieldType != FieldType.Message || field.MessageType.FullName == "google.protobuf.Value")
        && (!field.IsRepeated || field.Name == "card_nos")
        && (field.FieldType != FieldType.UInt32 || field.Name != "plug");

    private static JsonNode? OneOf(FieldDescriptor field, int deepest) => field.FieldType switch
    {
        FieldType.Message when field.MessageType.FullName == "google.protobuf.Timestamp" => "2019-12-04T03:07:00Z",
        FieldType.Message when field.MessageType.FullName == "google.protobuf.Duration" => "180s",
        FieldType.Message when field.MessageType.File.Package == "google.protobuf" => null,
        FieldType.Message => Of(field.MessageType.Fields.InDeclarationOrder(), deepest - 1),
        FieldType.Enum => field.EnumType.Values[Math.Min(1, field.EnumType.Values.Count - 1)].Name,
        FieldType.Bool => false,
        FieldType.String => field.Name == "code" ? "123456" : field.Name.Replace('_', ' '),
        FieldType.Bytes => "",
        FieldType.Double or FieldType.Float => 1.01,
        _ => field.Name == "code" ? 200 : 1,
    };
}
