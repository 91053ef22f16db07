namespace Charging.Server.Storage.LiteDb;

/// <summary>
/// Numbers that are given once. The file holds for each sequence a mark that no number given so far exceeds; a batch that
/// gives a number beyond it raises the mark, by a block, in its own transaction, so its callers learn the number only with
/// the mark on disk. A batch that fails raises nothing, but its numbers are not given again by this process either.
/// </summary>
internal sealed class Sequences
{
    /// <summary>Begins the id of a sequence's mark in the file.</summary>
    public const string Prefix = "number:";

    private const int Block = 1000;

    private readonly Dictionary<string, Sequence> _sequences = [];

    public long Next(LiteDbEngine engine, string name)
    {
        var sequence = Of(engine, name);
        sequence.Last++;
        if (sequence.Last > Math.Max(sequence.Durable, sequence.Raised))
            sequence.Raised = sequence.Last + Block - 1;
        return sequence.Last;
    }

    /// <summary>Leaps over all numbers up to one.</summary>
    public void Raise(LiteDbEngine engine, string name, long given)
    {
        var sequence = Of(engine, name);
        sequence.Last = Math.Max(sequence.Last, given);
        sequence.Raised = Math.Max(sequence.Raised, sequence.Last);
    }

    public void Apply(LiteDbEngine engine)
    {
        foreach (var (name, sequence) in _sequences)
        {
            if (sequence.Raised > sequence.Durable)
                engine.WriteNumber(Id(name), sequence.Raised);
        }
    }

    public void Committed()
    {
        foreach (var sequence in _sequences.Values)
            sequence.Durable = Math.Max(sequence.Durable, sequence.Raised);
    }

    private Sequence Of(LiteDbEngine engine, string name)
    {
        if (!_sequences.TryGetValue(name, out var sequence))
        {
            Keys.CheckKey("sequences", name);
            var mark = engine.ReadNumber(Id(name));
            _sequences[name] = sequence = new Sequence { Last = mark, Durable = mark };
        }
        return sequence;
    }

    private static string Id(string name) => Prefix + name;

    private sealed class Sequence
    {
        public long Last { get; set; }

        public long Durable { get; set; }

        /// <summary>The mark that the running batch, or one that failed, has set.</summary>
        public long Raised { get; set; }
    }
}
