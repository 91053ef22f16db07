using Xunit;

namespace Charging.Server.Tests.Telemetry;

/// <summary>Counters are of the process, so exact figures need a process in which no other server runs: these tests run after all others.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
