using Charging.Server.Storage;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Storage;

/// <summary>Who has the next slot for work that waits.</summary>
public sealed class DueQueueTests
{
    private readonly DueQueue _queue = new(slots: 4, slotsPerRider: 2);

    [Fact]
    public void Riders_take_turns_and_each_has_the_oldest_first()
    {
        Add("a", "a2", "a1", "a3");
        Add("b", "b1", "b2");

        Assert.Equal(["a1", "b1", "a2", "b2"], TakeAll());
    }

    [Fact]
    public void One_rider_never_has_more_than_a_share_of_the_slots()
    {
        Add("a", "a1", "a2", "a3", "a4");

        Assert.Equal(["a1", "a2"], TakeAll());
        _queue.Release(Row("a", "a1"));
        Assert.Equal(["a3"], TakeAll());
    }

    [Fact]
    public void What_has_no_slot_waits_until_one_is_given_back()
    {
        foreach (var rider in (string[])["a", "b", "c", "d", "e", "f"])
            Add(rider, $"{rider}1");

        Assert.Equal(["a1", "b1", "c1", "d1"], TakeAll());
        _queue.Release(Row("c", "c1"));
        Assert.Equal(["e1"], TakeAll());
    }

    [Fact]
    public void What_waits_no_longer_has_no_turn()
    {
        Add("a", "a1", "a2");
        Add("b", "b1");
        _queue.Remove(Row("a", "a1"));
        _queue.Remove(Row("b", "b1"));

        Assert.Equal(["a2"], TakeAll());
        Add("b", "b2");
        Assert.Equal(["b2"], TakeAll());
    }

    private void Add(string rider, params string[] keys)
    {
        foreach (var key in keys)
            _queue.Add(Row(rider, key));
    }

    private List<string> TakeAll()
    {
        var taken = new List<string>();
        while (_queue.Take() is { } row)
            taken.Add(row.Key);
        return taken;
    }

    /// <summary>A row that is due by the digit at the end of its key.</summary>
    private static ScheduledRow Row(string rider, string key) => new(key, DueKind.Close, rider, Stand.Beginning.AddSeconds(key[^1]));
}
