namespace Charging.Server.Operations;

/// <summary>Why operators are refused, for programs: `reason` of `google.rpc.ErrorInfo` (docs/operations.md).</summary>
internal static class Reasons
{
    /// <summary>No valid key.</summary>
    public const string KeyInvalid = "KEY_INVALID";

    /// <summary>The key's role is too low.</summary>
    public const string RoleTooLow = "ROLE_TOO_LOW";

    /// <summary>The key would move more money in a day than its role may.</summary>
    public const string LimitExceeded = "LIMIT_EXCEEDED";

    /// <summary>The key has made as many changes in an hour as it may.</summary>
    public const string TooManyChanges = "TOO_MANY_CHANGES";

    /// <summary>A field is malformed or missing.</summary>
    public const string FieldInvalid = "FIELD_INVALID";

    /// <summary>A reason is asked for and there is none.</summary>
    public const string ReasonMissing = "REASON_MISSING";

    /// <summary>There is no such thing.</summary>
    public const string NotFound = "NOT_FOUND";

    /// <summary>There is one already.</summary>
    public const string AlreadyExists = "ALREADY_EXISTS";

    /// <summary>The request was made before, with another method or for something else.</summary>
    public const string RequestIdUsed = "REQUEST_ID_USED";

    /// <summary>What the thing is like now does not allow it.</summary>
    public const string StateConflict = "STATE_CONFLICT";

    /// <summary>There is not enough money.</summary>
    public const string NotEnoughMoney = "NOT_ENOUGH_MONEY";

    /// <summary>Operators are not served here, or the request is none that they can make.</summary>
    public const string NotServed = "NOT_SERVED";

    /// <summary>The store cannot serve now, or the server stops.</summary>
    public const string Unavailable = "UNAVAILABLE";

    /// <summary>The caller has gone.</summary>
    public const string Cancelled = "CANCELLED";

    /// <summary>A fault of the server.</summary>
    public const string Fault = "FAULT";
}
