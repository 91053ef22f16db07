using Charging.Server.Storage;
using Charging.Server.Storage.LiteDb;
using Microsoft.Extensions.Logging.Abstractions;

namespace Charging.Server.Tests.Storage;

/// <summary>A file of another version.</summary>
public sealed class LiteDbMigrationTests : MigrationTests
{
    private readonly ModelledDisk _disk = new(new Random(1), TimeSpan.Zero);

    private protected override string Setting => "Charging:DataDirectory";

    public override ValueTask DisposeAsync()
    {
        _disk.Dispose();
        return base.DisposeAsync();
    }

    // A refusal comes as the task's, as from the other engine.
    private protected override async Task<IStore> OpenAsync(ITable table, params Migration[] migrations) => await Task.FromResult(
        new LiteDbStore(_disk, "modelled", [table], migrations, [], TimeProvider.System, new LiteDbOptions(), NullLogger.Instance));
}
