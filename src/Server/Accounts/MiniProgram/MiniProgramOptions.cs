namespace Charging.Server.Accounts.MiniProgram;

/// <summary>Settings under `Charging:MiniProgram`.</summary>
public sealed record MiniProgramOptions
{
    /// <summary>Whose mini-program it is: `WeChat`, or `Sandbox`, which is the default in Development. None is possible: then nobody can pay in it.</summary>
    public string? Provider { get; init; }

    /// <summary>The mini-program's id, `wx…`.</summary>
    public string? AppId { get; init; }

    /// <summary>Its secret, instead of a file.</summary>
    public string? AppSecret { get; init; }

    /// <summary>File of its secret.</summary>
    public string? AppSecretFile { get; init; }

    /// <summary>Where WeChat is.</summary>
    public string BaseUrl { get; init; } = "https://api.weixin.qq.com";

    /// <summary>The template of the message at the end of a charge; unset for none.</summary>
    public string? EndTemplateId { get; init; }

    /// <summary>What the template's fields are filled with, see <see cref="MessageValues.End"/>.</summary>
    public string EndTemplateFields { get; init; } = "character_string1=orderNo,time2=endedAt,thing3=duration,amount4=used,amount5=back";

    /// <summary>The page that the message opens, such as `pages/orders/orders`; unset for none.</summary>
    public string? EndPage { get; init; }

    /// <summary>How often WeChat is asked in a minute who has called `wx.login`, for one rider; 1 to 1000.</summary>
    public int MaxLoginsPerMinute { get; init; } = 10;

    /// <summary>The template of the message that a card was blocked; unset for none.</summary>
    public string? CardTemplateId { get; init; }

    /// <summary>What that template's fields are filled with, see <see cref="MessageValues.Card"/>.</summary>
    public string CardTemplateFields { get; init; } = "character_string1=cardNo,time2=usedAt,thing3=reason";

    /// <summary>One sentence about the first setting that makes no sense; null when all do.</summary>
    public string? Complaint() =>
        !Uri.TryCreate(BaseUrl, UriKind.Absolute, out var url) || !(url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback))
            ? "Charging:MiniProgram:BaseUrl is no https address: leave it out to use WeChat's own."
        : MaxLoginsPerMinute is < 1 or > 1000 ? "Charging:MiniProgram:MaxLoginsPerMinute is not between 1 and 1000: give a number such as 10."
        : MessageTemplate<EndNotice>.TryParse(EndTemplateFields, MessageValues.End) is null
            ? $"Charging:MiniProgram:EndTemplateFields cannot be read: give pairs such as time2=endedAt, where the second is one of {Names(MessageValues.End.Keys)}."
        : MessageTemplate<CardNotice>.TryParse(CardTemplateFields, MessageValues.Card) is null
            ? $"Charging:MiniProgram:CardTemplateFields cannot be read: give pairs such as time2=usedAt, where the second is one of {Names(MessageValues.Card.Keys)}."
        : null;

    private static string Names(IEnumerable<string> values) => string.Join(", ", values.Order(StringComparer.Ordinal));

    /// <summary>Says nothing: a record would print its secret.</summary>
    public override string ToString() => nameof(MiniProgramOptions);
}
