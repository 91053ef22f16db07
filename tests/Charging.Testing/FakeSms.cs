using System.Collections.Concurrent;
using Charging.Server.Accounts;
using Charging.Server.Calls;

namespace Charging.Testing;

/// <summary>What the fake SMS provider does with a message.</summary>
public enum SmsBehaviour
{
    /// <summary>Delivers it.</summary>
    Deliver,

    /// <summary>Refuses it.</summary>
    Refuse,

    /// <summary>Refuses it because of a limit of its own.</summary>
    Limit,

    /// <summary>Delivers it, but its answer is lost.</summary>
    TimeOutAfterDelivery,

    /// <summary>Breaks in a way that the port does not allow.</summary>
    Crash,
}

/// <summary>An SMS provider that delivers to the test.</summary>
public sealed class FakeSms : ISmsSender
{
    private readonly ConcurrentDictionary<string, ConcurrentQueue<string>> _delivered = new();

    /// <summary>What it does with the next messages.</summary>
    public SmsBehaviour Behaviour { get; set; }

    /// <summary>Every code that a phone was sent, oldest first.</summary>
    public IReadOnlyCollection<string> CodesFor(string phone) => _delivered.TryGetValue(phone, out var codes) ? codes : [];

    /// <inheritdoc/>
    public Task<SmsOutcome> SendAsync(Phone phone, string code)
    {
        if (Behaviour is SmsBehaviour.Deliver or SmsBehaviour.TimeOutAfterDelivery)
            _delivered.GetOrAdd(phone.ToString(), _ => new()).Enqueue(code);
        return Behaviour switch
        {
            SmsBehaviour.Deliver => Task.FromResult(SmsOutcome.Sent),
            SmsBehaviour.Refuse => Task.FromResult(SmsOutcome.Refused),
            SmsBehaviour.Limit => Task.FromResult(SmsOutcome.LimitReached),
            SmsBehaviour.TimeOutAfterDelivery => throw new ProviderUnavailableException("The SMS provider did not answer."),
            _ => throw new InvalidOperationException("The SMS sender crashed."),
        };
    }
}
