using System.Net;
using Charging.Server.Accounts;
using Charging.Server.Calls;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.Server.Tests.Accounts;

/// <summary>How often callers from one address may do something.</summary>
public sealed class AddressLimitTests
{
    private const int Max = 2;
    private readonly AddressLimit _limit = Limit("192.0.2.1");

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7", true)]
    [InlineData("203.0.113.7", "203.0.113.8", false)]
    [InlineData("203.0.113.7", "::ffff:203.0.113.7", true)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:2::1", false)]
    public void A_subscriber_has_one_share(string first, string second, bool isSame)
    {
        Exhaust(first);
        Assert.Equal(!isSame, _limit.TryTake(IPAddress.Parse(second)));
    }

    /// <summary>What has no address of its own would share one with everybody else who has none.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("192.0.2.1")]
    [InlineData("::ffff:192.0.2.1")]
    public void Who_is_not_known_by_address_is_not_counted(string? address)
    {
        for (var i = 0; i <= Max; i++)
            Assert.True(_limit.TryTake(address is null ? null : IPAddress.Parse(address)));
    }

    [Fact]
    public void Without_trusted_proxies_nobody_is_counted()
    {
        var limit = Limit();
        for (var i = 0; i <= Max; i++)
            Assert.True(limit.TryTake(IPAddress.Parse("203.0.113.7")));
    }

    [Fact]
    public void Addresses_that_get_nothing_take_no_room()
    {
        for (var i = 0; i <= RateLimit<IPAddress>.MaxSubjects; i++)
        {
            Assert.True(_limit.TryTake(new IPAddress(0x0a + ((long)i << 8))));
            _limit.Return(new IPAddress(0x0a + ((long)i << 8)));
        }
        Exhaust("203.0.113.7");
        Assert.False(_limit.TryTake(IPAddress.Parse("203.0.113.7")));
        Assert.True(_limit.TryTake(IPAddress.Parse("203.0.113.8")));
    }

    [Fact]
    public void Who_fills_the_table_is_limited_by_network_and_the_rest_are_served()
    {
        for (var i = 0; i < RateLimit<IPAddress>.MaxSubjects; i++)
            Assert.True(_limit.TryTake(new IPAddress(0x0a + ((long)i << 8))));
        Exhaust("203.0.113.7");
        Assert.False(_limit.TryTake(IPAddress.Parse("203.0.200.200")));
        Exhaust("2001:db8::1");
        Assert.False(_limit.TryTake(IPAddress.Parse("2001:db8:ffff::1")));
        Assert.True(_limit.TryTake(IPAddress.Parse("198.51.100.1")));
        Assert.True(_limit.TryTake(IPAddress.Parse("10.0.0.0")));
    }

    private static AddressLimit Limit(params string[] proxies) =>
        new(new RateLimits(new FakeTimeProvider(), NullLogger<RateLimits>.Instance), new ServerOptions { TrustedProxies = proxies }, "test", Max);

    private void Exhaust(string address)
    {
        for (var i = 0; i < Max; i++)
            Assert.True(_limit.TryTake(IPAddress.Parse(address)));
    }
}
