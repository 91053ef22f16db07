using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Time.Testing;

namespace Charging.MqttBroker.Tests;

/// <summary>Which connection goes when there are too many that have not said who they are.</summary>
public sealed class StrangersTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly Strangers _strangers;

    public StrangersTests() => _strangers = new Strangers(_clock);

    [Fact]
    public void The_newest_of_the_network_with_the_most_goes()
    {
        var pile = Connect("10.0.0.1");
        Connect("203.0.113.1");
        Connect("203.0.113.2");
        var newest = Connect("203.0.113.3");
        var latePile = Connect("10.0.1.1");

        Assert.Same(newest, _strangers.RemoveOne());
        Assert.True(Contains(pile));
        Assert.True(Contains(latePile));
    }

    [Fact]
    public void A_connection_that_has_sent_something_counts_less_than_a_silent_one()
    {
        for (var i = 0; i < 3; i++)
            _strangers.Speaks(Connect("10.0.0.1"));
        Connect("203.0.113.1");
        var silent = Connect("203.0.113.1");
        _strangers.Speaks(Connect("10.0.0.1"));

        Assert.Same(silent, _strangers.RemoveOne());
    }

    [Fact]
    public void A_pile_that_speaks_at_once_stays_among_silent_connections_of_its_own_network()
    {
        var pile = Connect("10.0.0.1");
        _strangers.Speaks(pile);
        for (var i = 0; i < 100; i++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            Connect("10.0.0.2");
            _strangers.RemoveOne();
        }

        Assert.True(Contains(pile));
    }

    [Fact]
    public void A_pile_whose_first_byte_is_read_late_stays_among_newer_connections_of_its_own_network()
    {
        for (var i = 0; i < 10; i++)
            Connect("10.0.0.2");
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        var pile = Connect("10.0.0.1");
        for (var i = 0; i < 10; i++)
        {
            Connect("10.0.0.2");
            _strangers.RemoveOne();
        }

        Assert.True(Contains(pile));
    }

    [Fact]
    public void A_slow_pile_that_found_room_stays_among_newer_connections_that_send_a_byte()
    {
        var pile = Connect("10.0.0.1");
        _clock.Advance(TimeSpan.FromMilliseconds(200));
        for (var i = 0; i < 100; i++)
        {
            _strangers.Speaks(Connect("10.0.0.2"));
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            _strangers.RemoveOne();
        }

        Assert.True(Contains(pile));
    }

    [Theory]
    [InlineData(400, false, 100)]
    [InlineData(800, false, 100)]
    [InlineData(1500, false, 50)]
    [InlineData(1500, true, 50)]
    public void A_slow_pile_alone_in_its_network_gets_in_while_others_connect_from_as_many_networks(int rate, bool speak, int percent)
    {
        const int size = 1000;
        var piles = new Queue<(ConnectionContext Connection, TimeSpan ConnectAt)>();
        var (tries, successes) = (0, 0);
        var now = TimeSpan.Zero;
        for (var number = 0; number < 10 * rate; number++)
        {
            if (number % 37 == 0 && ++tries > 0 && Enter($"192.168.{tries % 250}.1") is { } pile)
                piles.Enqueue((pile, now + TimeSpan.FromSeconds(0.8)));
            if (Enter($"10.{number / 250 % 10}.{number % 250}.1") is { } other && speak)
                _strangers.Speaks(other);
            _clock.Advance(TimeSpan.FromSeconds(1) / rate);
            now += TimeSpan.FromSeconds(1) / rate;
            while (piles.TryPeek(out var first) && first.ConnectAt <= now)
                successes += Contains(piles.Dequeue().Connection) ? 1 : 0;
            if (number % rate == 0)
                _strangers.RemoveOlderThan(TimeSpan.FromSeconds(5));
        }

        Assert.InRange(100 * (successes + piles.Count) / tries, percent, 100);

        ConnectionContext? Enter(string address) => _strangers.Count < size || _strangers.RemoveOne() is not null ? Connect(address) : null;
    }

    [Fact]
    public void A_larger_network_makes_room_however_new_its_connections_are()
    {
        var alone = Connect("10.0.0.1");
        Connect("203.0.113.1");
        var newest = Connect("203.0.113.2");
        Connect("10.0.1.1");

        Assert.Same(newest, _strangers.RemoveOne());
        Assert.Null(_strangers.RemoveOne());
        Assert.True(Contains(alone));
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.254", true)]
    [InlineData("192.0.2.1", "192.0.3.1", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.9", true)]
    [InlineData("2001:db8:1:1::1", "2001:db8:1:ffff::1", true)]
    [InlineData("2001:db8:1::1", "2001:db8:2::1", false)]
    [InlineData("0.0.0.1", "::1", false)]
    public void A_network_is_a_24_of_IPv4_and_a_48_of_IPv6(string one, string other, bool isSame) =>
        Assert.Equal(isSame, ClientNetwork.Of(EndPoint(one)) == ClientNetwork.Of(EndPoint(other)));

    [Fact]
    public void Whoever_is_older_than_the_timeout_is_removed()
    {
        var old = Connect("10.0.0.1");
        _clock.Advance(TimeSpan.FromSeconds(4));
        Connect("10.0.0.2");
        _clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal([old], _strangers.RemoveOlderThan(TimeSpan.FromSeconds(5)));
        Assert.Equal(1, _strangers.Count);
    }

    private DefaultConnectionContext Connect(string address)
    {
        var connection = new DefaultConnectionContext { RemoteEndPoint = EndPoint(address) };
        _strangers.Add(connection);
        return connection;
    }

    private bool Contains(ConnectionContext connection)
    {
        var before = _strangers.Count;
        _strangers.Remove(connection);
        return _strangers.Count < before;
    }

    private static IPEndPoint EndPoint(string address) => new(IPAddress.Parse(address), 1883);
}
