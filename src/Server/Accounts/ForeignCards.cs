namespace Charging.Server.Accounts;

/// <summary>
/// The card numbers that a rider has named on a day and that are not the rider's. A number is enough to pay, and the codes of
/// bindCard and unbindCard tell which are in use, so there is a limit to how many a rider may ask about.
/// </summary>
/// <param name="Day">The day in Asia/Shanghai, `yyyyMMdd`.</param>
/// <param name="Keys">Keys of the cards, each once: two spellings of one number are one.</param>
public sealed record ForeignCards(string Day, IReadOnlyList<string> Keys)
{
    /// <summary>How many different numbers were named today.</summary>
    public static int Count(ForeignCards? known, string today) => known is not null && known.Day == today ? known.Keys.Count : 0;

    /// <summary>With one more number; those of an earlier day are dropped.</summary>
    public static ForeignCards Add(ForeignCards? known, string today, string key)
    {
        var keys = known is not null && known.Day == today ? known.Keys : [];
        return keys.Contains(key) ? known! : new ForeignCards(today, [.. keys, key]);
    }
}
