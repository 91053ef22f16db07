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

    /// <summary>Users by WeChat name.</summary>
    public static readonly Index<User> UsersByWxName = Users.Index("wx_name", user => user.WxName);

    /// <summary>The key of a user: the number, written so that keys sort as numbers.</summary>
    public static string Key(long userId) => userId.ToString("D10", CultureInfo.InvariantCulture);
}
