using System.Globalization;
using Charging.Server.Storage;

namespace Charging.Server.Accounts;

/// <summary>Where accounts are kept.</summary>
public static class AccountTables
{
    /// <summary>Users by <see cref="Key"/>.</summary>
    public static readonly Table<User> Users = new("users", StoreJson.Default.User, user => Key(user.Id));

    /// <summary>Users by phone.</summary>
    public static readonly Index<User> UsersByPhone = Users.Index("phone", user => user.Phone.ToString());

    /// <summary>Users by <see cref="WxName.KeyOf"/>.</summary>
    public static readonly Index<User> UsersByWxName = Users.Index("wx_name", user => WxName.KeyOf(user.WxName));

    /// <summary>Users that an operator has locked out.</summary>
    public static readonly Index<User> BlockedUsers = Users.Index("blocked", user => user.Blocked ? Key(user.Id) : null);

    /// <summary>Living tokens by <see cref="Token.Hash"/>.</summary>
    public static readonly Table<Token> Tokens = new("tokens", StoreJson.Default.Token, token => token.Hash);

    /// <summary>Tokens by user, then hash.</summary>
    public static readonly Index<Token> TokensByUser = Tokens.Index("user", token => $"{Key(token.UserId)}:{token.Hash}");

    /// <summary>The codes of each phone, by the phone.</summary>
    public static readonly Table<PhoneCodes> Codes = new("codes", StoreJson.Default.PhoneCodes, codes => codes.Phone.ToString());

    /// <summary>Codes by the day of the newest.</summary>
    public static readonly Index<PhoneCodes> CodesByDay = Codes.Index("day", codes => codes.Day);

    /// <summary>How many codes were sent lately, by their type.</summary>
    public static readonly Table<SmsWindow> SmsWindows = new("sms_windows", StoreJson.Default.SmsWindow, window => window.Type.ToString(), isResident: true);

    /// <summary>Keys of the server's own, by name.</summary>
    public static readonly Table<ServerKey> ServerKeys = new("server_keys", StoreJson.Default.ServerKey, key => key.Name);

    /// <summary>The key of a user: the number, written so that keys sort as numbers.</summary>
    public static string Key(long userId) => userId.ToString("D10", CultureInfo.InvariantCulture);
}
