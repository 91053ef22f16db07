using System.Globalization;
using Charging.Reliability.HeavyMessages;
using Charging.Server.Storage;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Attack;

/// <summary>R13, one pile, at a small count, by what it asks of the store. `bench/Charging.Reliability heavy` measures how long that takes.</summary>
public sealed class HeavyMessagesTests
{
    private const int OfEachKind = 20;

    // Sixteen plugs of a status, with an order, its stop and its due rows each; or the plugs of the pile, listed.
    private const int MaxRows = 200;

    // A command that waits is taken up and noted, and one that fails is sent again.
    private const int MaxPerMessage = 3;
    private const int MaxBeside = 500;

    [Fact]
    public async Task The_heaviest_messages_of_a_pile_ask_little_of_the_store()
    {
        var (kinds, operations) = await HeavyRun.MeterAsync(TestStore.IsPostgreSql ? StoreEngine.PostgreSql : StoreEngine.LiteDb, OfEachKind);
        var worst = operations.GroupBy(operation => operation.Name)
            .Select(group => (Name: group.Key, Count: group.Count(), Rows: group.Max(operation => operation.Read + operation.Written)))
            .OrderByDescending(group => group.Rows).ToList();
        var text = string.Join('\n', worst.Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Name}: {group.Count}, at most {group.Rows} rows")));

        Assert.True(worst[0].Rows <= MaxRows, text);
        Assert.True(operations.Count <= (MaxPerMessage * kinds * OfEachKind) + MaxBeside, text);
        // Enough of it got past the first look.
        Assert.True(worst.Count >= 8, text);
    }
}
