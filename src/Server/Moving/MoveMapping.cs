using Charging.Ops.V1;
using Charging.Server.Operations;

namespace Charging.Server.Moving;

/// <summary>An import as it is told.</summary>
internal static class MoveMapping
{
    /// <summary>How far it is.</summary>
    public static ImportResponse ToWire(this ImportProgress progress) => new()
    {
        Progress = new Ops.V1.ImportProgress { Stage = (Ops.V1.ImportStage)(progress.Stage + 1), Rows = progress.Rows },
    };

    /// <summary>What was imported.</summary>
    public static ImportResponse ToWire(this (MoveSums Sums, bool IsTrial) import) => new()
    {
        Imported = new Imported
        {
            Tables = { import.Sums.Tables.Select(table => new TableCount { Name = table.Key, Rows = table.Value.Rows }) },
            Totals = import.Sums.Ledger.ToWire(),
            Trial = import.IsTrial,
        },
    };
}
