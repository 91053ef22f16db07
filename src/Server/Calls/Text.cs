namespace Charging.Server.Calls;

/// <summary>The rules for every string that comes in (contract section 1).</summary>
public static class Text
{
    /// <summary>Whether a string is not empty, short enough, and free of control characters and lone surrogates.</summary>
    public static bool IsClean(string? text, int maxLength)
    {
        if (string.IsNullOrEmpty(text) || text.Length > maxLength)
            return false;
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsControl(text[i]) || text[i] == '\uffff')
                return false;
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text, i))
                return false;
            i++;
        }
        return true;
    }
}
