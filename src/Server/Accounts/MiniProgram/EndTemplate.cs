using System.Collections.Frozen;
using System.Globalization;
using Charging.Server.Calls;

namespace Charging.Server.Accounts.MiniProgram;

/// <summary>
/// The fields of a subscription message. Their names (`thing1`, `time2`…) come with the template that an operator picks from WeChat's
/// list, so the settings say which of our values goes where. Each value has the form that WeChat wants of its kind.
/// </summary>
internal sealed class EndTemplate
{
    private static readonly FrozenDictionary<string, Func<EndNotice, string>> Values = new Dictionary<string, Func<EndNotice, string>>(StringComparer.Ordinal)
    {
        ["orderNo"] = notice => notice.OrderNo,
        ["deviceNo"] = notice => notice.DeviceNo,
        ["plug"] = notice => notice.Plug,
        ["endedAt"] = notice => Shanghai.At(notice.EndedAt).ToString("yyyy年M月d日 HH:mm", CultureInfo.InvariantCulture),
        ["duration"] = notice => string.Create(CultureInfo.InvariantCulture, $"{notice.Seconds / 3600}小时{notice.Seconds / 60 % 60}分"),
        ["energy"] = notice => string.Create(CultureInfo.InvariantCulture, $"{notice.EnergyWh / 1000m:0.###}度"),
        ["used"] = notice => Yuan(notice.UsedFen),
        ["back"] = notice => Yuan(notice.BackFen),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly List<(string Field, Func<EndNotice, string> Value)> _fields = [];

    /// <summary>The values that a field can be filled with.</summary>
    public static IEnumerable<string> Names => Values.Keys.Order(StringComparer.Ordinal);

    /// <summary>Reads pairs such as `time2=endedAt`, with commas between them.</summary>
    /// <returns>Null when one cannot be read, or a field comes twice.</returns>
    public static EndTemplate? TryParse(string text)
    {
        var template = new EndTemplate();
        foreach (var pair in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (pair.Split('=', StringSplitOptions.TrimEntries) is not [{ Length: > 0 } field, var name]
                || !Values.TryGetValue(name, out var value)
                || template._fields.Exists(known => known.Field == field))
                return null;
            template._fields.Add((field, value));
        }
        return template._fields.Count == 0 ? null : template;
    }

    /// <summary>The fields of a message, filled.</summary>
    public Dictionary<string, WeChatField> Fill(EndNotice notice) =>
        _fields.ToDictionary(field => field.Field, field => new WeChatField(field.Value(notice)), StringComparer.Ordinal);

    private static string Yuan(long fen) => string.Create(CultureInfo.InvariantCulture, $"{fen / 100m:0.00}元");
}
