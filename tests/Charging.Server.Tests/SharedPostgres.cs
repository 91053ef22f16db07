using Charging.Server.Tests;
using Charging.Testing;
using Xunit;

[assembly: AssemblyFixture(typeof(SharedPostgres))]

namespace Charging.Server.Tests;

/// <summary>Ends the PostgreSQL that the tests share, if one of them has started it.</summary>
public sealed class SharedPostgres : IAsyncDisposable
{
    public ValueTask DisposeAsync() => PostgresServer.EndSharedAsync();
}
