using Charging.Server.Calls;

namespace Charging.Server.Accounts.MiniProgram;

/// <summary>A charge that is over, as its rider is told.</summary>
/// <param name="OpenId">The rider, as the mini-program's WeChat knows them.</param>
/// <param name="OrderNo">The order.</param>
/// <param name="DeviceNo">The pile.</param>
/// <param name="Plug">The plug, as the pile writes it.</param>
/// <param name="EndedAt">When it ended, UTC.</param>
/// <param name="Seconds">How long it charged.</param>
/// <param name="EnergyWh">How much.</param>
/// <param name="UsedFen">What that costs, in fen.</param>
/// <param name="BackFen">What goes back, in fen.</param>
public sealed record EndNotice(
    string OpenId, string OrderNo, string DeviceNo, string Plug, DateTimeOffset EndedAt, int Seconds, int EnergyWh, long UsedFen, long BackFen);

/// <summary>A card that was blocked because it was used at piles that are too far apart, as its owner is told.</summary>
/// <param name="OpenId">The rider, as the mini-program's WeChat knows them.</param>
/// <param name="CardNo">The card, as first bound.</param>
/// <param name="DeviceNo">The pile of the swipe for which it was blocked.</param>
/// <param name="UsedAt">When that was, UTC.</param>
public sealed record CardNotice(string OpenId, string CardNo, string DeviceNo, DateTimeOffset UsedAt);

/// <summary>The port to the mini-program's WeChat: who a rider is there, and messages to them.</summary>
public interface IMiniProgram
{
    /// <summary>Whether riders are told of the end of a charge: whether a template is configured.</summary>
    bool Notifies { get; }

    /// <summary>Who has called `wx.login` (contract section 6, prepay).</summary>
    /// <param name="code">What `wx.login` gave; good once, for five minutes.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The openid; null when WeChat does not take the code.</returns>
    /// <exception cref="ProviderUnavailableException">WeChat does not answer, or no mini-program is configured.</exception>
    Task<string?> OpenIdAsync(string code, CancellationToken cancellationToken);

    /// <summary>Sends the message that a charge is over, once.</summary>
    /// <returns>False when WeChat does not take it, most often because the rider has not subscribed. That is no error.</returns>
    /// <exception cref="ProviderUnavailableException">WeChat does not answer: the message may or may not arrive.</exception>
    Task<bool> NotifyAsync(EndNotice notice, CancellationToken cancellationToken);

    /// <summary>Sends the message that a card was blocked, once.</summary>
    /// <returns>False when no template is configured, or WeChat does not take it.</returns>
    /// <exception cref="ProviderUnavailableException">WeChat does not answer: the message may or may not arrive.</exception>
    Task<bool> NotifyAsync(CardNotice notice, CancellationToken cancellationToken);
}

/// <summary>No mini-program is configured: nobody can pay in it, and nobody is told anything.</summary>
internal sealed class NoMiniProgram : IMiniProgram
{
    /// <inheritdoc/>
    public bool Notifies => false;

    /// <inheritdoc/>
    public Task<string?> OpenIdAsync(string code, CancellationToken cancellationToken) =>
        throw new ProviderUnavailableException("Charging:MiniProgram:Provider is not set, so nobody can be asked who has called wx.login.");

    /// <inheritdoc/>
    public Task<bool> NotifyAsync(EndNotice notice, CancellationToken cancellationToken) => Task.FromResult(false);

    /// <inheritdoc/>
    public Task<bool> NotifyAsync(CardNotice notice, CancellationToken cancellationToken) => Task.FromResult(false);
}
