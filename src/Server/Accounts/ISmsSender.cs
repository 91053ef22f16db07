using Charging.Server.Calls;

namespace Charging.Server.Accounts;

/// <summary>What an SMS provider says to a message.</summary>
public enum SmsOutcome
{
    /// <summary>It will be delivered.</summary>
    Sent,

    /// <summary>It will not.</summary>
    Refused,

    /// <summary>It will not, because the provider has had too many for this phone.</summary>
    LimitReached,
}

/// <summary>The port to whoever sends SMS.</summary>
public interface ISmsSender
{
    /// <summary>Sends a validation code. Answers or throws within 10 seconds.</summary>
    /// <exception cref="ProviderUnavailableException">The provider did not answer: the message may or may not arrive.</exception>
    Task<SmsOutcome> SendAsync(Phone phone, string code);
}

/// <summary>Writes the codes to the log instead of sending them. The one place where a code is ever logged.</summary>
public sealed class ConsoleSmsSender(ILogger<ConsoleSmsSender> logger) : ISmsSender
{
    /// <inheritdoc/>
    public Task<SmsOutcome> SendAsync(Phone phone, string code)
    {
        AccountLog.ConsoleSms(logger, phone.ToString(), code);
        return Task.FromResult(SmsOutcome.Sent);
    }
}
