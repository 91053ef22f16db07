using Charging.Server.Storage;
using Charging.Server.Storage.PostgreSql;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Charging.Server.Tests.Storage;

/// <summary>What observers are told of a row that is heard of twice, late or in the wrong order.</summary>
public sealed class FollowersTests : IStoreObserver
{
    private readonly List<string> _told = [];
    private readonly List<bool> _own = [];
    private readonly Followers _followers;

    public FollowersTests() =>
        _followers = new Followers([this], [new FollowedTable(Tables.Things, Missed.ComparedOften)], NullLogger.Instance);

    void IStoreObserver.Committed(IReadOnlyList<Change> changes)
    {
        _own.AddRange(changes.Select(change => change.IsOwn));
        _told.AddRange(changes.Select(change => (change.Entity as Thing)?.Owner ?? "gone"));
    }

    [Fact]
    public void An_older_state_is_not_told_after_a_newer_one()
    {
        _followers.TellAgain(Tables.Things, new StampedRow("a", new Thing("a", "new"), 5));
        _followers.Tell([new Change(Tables.Things, "a", new Thing("a", "old"))], 3);
        _followers.TellAgain(Tables.Things, new StampedRow("a", new Thing("a", "new"), 5));

        Assert.Equal(["new"], _told);
    }

    [Fact]
    public void A_row_that_another_node_deleted_does_not_come_back_by_an_older_word_of_this_one()
    {
        _followers.TellGone(Tables.Things, "a", null, 5);
        _followers.Tell([new Change(Tables.Things, "a", new Thing("a", "old"))], 3);
        _followers.Tell([new Change(Tables.Things, "a", new Thing("a", "newer"))], 6);

        Assert.Equal(["gone", "newer"], _told);
    }

    [Fact]
    public void A_row_that_was_put_while_it_was_looked_for_in_vain_stays()
    {
        var before = _followers.StampOf(Tables.Things, "a");
        _followers.Tell([new Change(Tables.Things, "a", new Thing("a", "new"))], 7);
        _followers.TellGone(Tables.Things, "a", before, 5);
        _followers.TellGone(Tables.Things, "a", 7, 0);

        Assert.Equal(["new", "gone"], _told);
    }

    [Fact]
    public void What_another_node_did_is_told_as_such()
    {
        _followers.Tell([new Change(Tables.Things, "a", new Thing("a", "here"))], 1);
        _followers.TellAgain(Tables.Things, new StampedRow("a", new Thing("a", "there"), 2));
        _followers.TellGone(Tables.Things, "a", 2, 3);

        Assert.Equal([true, false, false], _own);
    }
}
