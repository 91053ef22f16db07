using System.Net;
using Charging.Server.Calls;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.Server.Tests.Calls;

/// <summary>Whether the proxies are the ones that the settings name, and say whose calls they bring.</summary>
public sealed class ProxyCheckTests
{
    private const string Route = "/wechat/smallapplet/login";
    private readonly FakeTimeProvider _clock = new();
    private readonly ProxyCheck _check;

    public ProxyCheckTests() => _check = new ProxyCheck(new ServerOptions { TrustedProxies = ["192.0.2.1"] }, _clock);

    [Theory]
    [InlineData("192.0.2.1", true)]
    [InlineData("::ffff:192.0.2.1", true)]
    [InlineData("203.0.113.7", false)]
    public void What_is_as_it_should_be_is_no_warning(string address, bool hasHeader)
    {
        Look(address, hasHeader);
        Assert.Empty(_check.Warnings());
    }

    [Fact]
    public void A_trusted_proxy_that_does_not_say_whose_call_it_is_is_named_for_an_hour()
    {
        Look("192.0.2.1", hasHeader: false);
        Assert.Matches("192[.]0[.]2[.]1.*X-Forwarded-For.*deploy/nginx.conf", Assert.Single(_check.Warnings()));
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Empty(_check.Warnings());
    }

    [Fact]
    public void A_header_of_somebody_who_is_not_trusted_is_named()
    {
        Look("::ffff:203.0.113.7", hasHeader: true);
        Assert.Matches(" 203[.]0[.]113[.]7.*Charging:TrustedProxies", Assert.Single(_check.Warnings()));
    }

    /// <summary>A load balancer's look at the health comes from the proxy itself.</summary>
    [Fact]
    public void Only_the_calls_of_riders_count()
    {
        Look("192.0.2.1", hasHeader: false, "/readyz");
        Assert.Empty(_check.Warnings());
    }

    private void Look(string address, bool hasHeader, string path = Route)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(address);
        context.Request.Path = path;
        if (hasHeader)
            context.Request.Headers["X-Forwarded-For"] = "198.51.100.1";
        Assert.True(_check.LookAsync(context, _ => Task.CompletedTask).IsCompletedSuccessfully);
    }
}
