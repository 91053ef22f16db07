using Charging.Client.Cli.Tests;
using Charging.Testing;
using Xunit;

[assembly: AssemblyFixture(typeof(SharedPostgres))]

namespace Charging.Client.Cli.Tests;

/// <summary>Ends the PostgreSQL that the tests share, if one of them has started it.</summary>
public sealed class SharedPostgres : IAsyncDisposable
{
    public ValueTask DisposeAsync() => PostgresServer.EndSharedAsync();
}
