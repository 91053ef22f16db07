using System.Collections.Frozen;
using System.Globalization;
using Charging.Server.Calls;

namespace Charging.Server.Accounts.MiniProgram;

/// <summary>
/// The fields of a subscription message. Their names (`thing1`, `time2`…) come with the template that an operator picks from WeChat's
/// list, so the settings say which of our values goes where. Each value has the form that WeChat wants of its kind.
/// </summary>
internal sealed class MessageTemplate<TNotice>
{
    private readonly List<(string Field, Func<TNotice, string> Value)> _fields = [];

    /// <summary>Reads pairs such as `time2=endedAt`, with commas between them.</summary>
    /// <param name="text">The pairs.</param>
    /// <param name="values">What a field can be filled with.</param>
    /// <returns>Null when one cannot be read, or a field comes twice.</returns>
    public static MessageTemplate<TNotice>? TryParse(string text, FrozenDictionary<string, Func<TNotice, string>> values)
    {
        var template = new MessageTemplate<TNotice>();
        foreach (var pair in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (pair.Split('=', StringSplitOptions.TrimEntries) is not [{ Length: > 0 } field, var name]
                || !values.TryGetValue(name, out var value)
                || template._fields.Exists(known => known.Field == field))
                return null;
            template._fields.Add((field, value));
        }
        return template._fields.Count == 0 ? null : template;
    }

    /// <summary>The fields of a message, filled.</summary>
    public Dictionary<string, WeChatField> Fill(TNotice notice) =>
        _fields.ToDictionary(field => field.Field, field => new WeChatField(field.Value(notice)), StringComparer.Ordinal);
}

/// <summary>What the fields of the messages can be filled with.</summary>
internal static class MessageValues
{
    /// <summary>A charge is over.</summary>
    public static readonly FrozenDictionary<string, Func<EndNotice, string>> End = new Dictionary<string, Func<EndNotice, string>>(StringComparer.Ordinal)
    {
        ["orderNo"] = notice => notice.OrderNo,
        ["deviceNo"] = notice => notice.DeviceNo,
        ["plug"] = notice => notice.Plug,
        ["endedAt"] = notice => Time(notice.EndedAt),
        ["duration"] = notice => string.Create(CultureInfo.InvariantCulture, $"{notice.Seconds / 3600}小时{notice.Seconds / 60 % 60}分"),
        ["energy"] = notice => string.Create(CultureInfo.InvariantCulture, $"{notice.EnergyWh / 1000m:0.###}度"),
        ["used"] = notice => Yuan(notice.UsedFen),
        ["back"] = notice => Yuan(notice.BackFen),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>A card was blocked.</summary>
    public static readonly FrozenDictionary<string, Func<CardNotice, string>> Card = new Dictionary<string, Func<CardNotice, string>>(StringComparer.Ordinal)
    {
        ["cardNo"] = notice => notice.CardNo,
        ["deviceNo"] = notice => notice.DeviceNo,
        ["usedAt"] = notice => Time(notice.UsedAt),
        // WeChat allows 20 characters.
        ["reason"] = _ => "短时间内异地刷卡，已停用",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static string Time(DateTimeOffset time) => Shanghai.At(time).ToString("yyyy年M月d日 HH:mm", CultureInfo.InvariantCulture);

    private static string Yuan(long fen) => string.Create(CultureInfo.InvariantCulture, $"{fen / 100m:0.00}元");
}
