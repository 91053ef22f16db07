namespace Charging.Server.Storage;

/// <summary>What an operation is called where it is counted and logged: the method that it is written in.</summary>
internal static class OperationName
{
    /// <summary>Such as `StatusCheck.SettleAsync`. A lambda's method bears the name of the method around it, and so does its class.</summary>
    public static string Of(Delegate operation)
    {
        var type = operation.Method.DeclaringType;
        while (type is { DeclaringType: { } outer } && type.Name.StartsWith('<'))
            type = outer;
        return $"{Plain(type?.Name ?? "")}.{Plain(operation.Method.Name)}";
    }

    // `<SettleAsync>b__0`, `<<SettleAsync>g__HoldAsync|0>b__1` and `Table`1` as they are written in the source.
    private static string Plain(string name) => name.TrimStart('<').Split('>', '`')[0];
}
