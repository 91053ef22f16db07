using System.Collections.Concurrent;
using Charging.Server.Accounts.MiniProgram;
using Charging.Server.Calls;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Charging.Testing;

/// <summary>A mini-program's WeChat that knows whoever calls `wx.login`, unless the test says otherwise.</summary>
public sealed class FakeMiniProgram : IMiniProgram
{
    private int _asked;

    /// <summary>Whether it does not take the codes.</summary>
    public bool Refuses { get; set; }

    /// <summary>Whether it does not answer.</summary>
    public bool IsSilent { get; set; }

    /// <summary>How often it was asked who somebody is.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <inheritdoc/>
    public bool Notifies => false;

    /// <summary>Puts it in WeChat's place.</summary>
    public void Use(WebApplicationBuilder builder) => builder.Services.AddSingleton<IMiniProgram>(this);

    /// <summary>The openid of whoever got a code.</summary>
    public static string OpenIdOf(string code) => $"openid-of-{code}";

    /// <inheritdoc/>
    public Task<string?> OpenIdAsync(string code, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _asked);
        return IsSilent
            ? throw new ProviderUnavailableException("The mini-program's WeChat is silent.")
            : Task.FromResult(Refuses ? null : OpenIdOf(code));
    }

    /// <summary>What riders were told of their cards.</summary>
    public ConcurrentQueue<CardNotice> CardNotices { get; } = [];

    /// <inheritdoc/>
    public Task<bool> NotifyAsync(EndNotice notice, CancellationToken cancellationToken) => Task.FromResult(false);

    /// <inheritdoc/>
    public Task<bool> NotifyAsync(CardNotice notice, CancellationToken cancellationToken)
    {
        CardNotices.Enqueue(notice);
        return Task.FromResult(true);
    }
}
