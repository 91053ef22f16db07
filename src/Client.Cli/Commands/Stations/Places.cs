using Charging.Ops.V1;

namespace Charging.Client.Cli.Commands.Stations;

/// <summary>Positions on the command line.</summary>
internal static class Places
{
    /// <summary>A position, or none.</summary>
    /// <exception cref="CliException">Only half of it was given.</exception>
    public static Position? Read(double? latitude, double? longitude) => (latitude, longitude) switch
    {
        ({ } north, { } east) => new Position { Latitude = north, Longitude = east },
        (null, null) => null,
        _ => throw new CliException("--lat and --lng belong together: give both."),
    };

    /// <summary>A position in a table.</summary>
    public static string Write(Position? position) => position is null ? Format.None : FormattableString.Invariant($"{position.Latitude:0.#####}, {position.Longitude:0.#####}");
}
