using System.CommandLine;
using Charging.Ops.V1;

namespace Charging.Client.Cli;

/// <summary>A rider as a person names one: by phone, by the number of the account, or by WeChat name.</summary>
internal static class RiderArgument
{
    private const int PhoneLength = 11;

    /// <summary>The argument.</summary>
    public static Argument<string> Make() => new("rider") { Description = "Phone (11 digits), number of the account, or WeChat name." };

    /// <summary>What is asked for.</summary>
    public static GetUserRequest Read(string rider)
    {
        if (!rider.All(char.IsAsciiDigit))
            return new GetUserRequest { WxName = rider };
        return rider.Length != PhoneLength && long.TryParse(rider, out var id) && id > 0 ? new GetUserRequest { UserId = id } : new GetUserRequest { Phone = rider };
    }

    /// <summary>Finds the rider.</summary>
    public static async Task<User> FindAsync(Session session, string rider, CancellationToken cancel) =>
        (await session.Users.GetUserAsync(Read(rider), cancellationToken: cancel)).User;
}
