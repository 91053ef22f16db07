using Charging.Server.Accounts;
using Charging.Server.Storage;

namespace Charging.Server.Payments;

/// <summary>
/// The check of what was written since the mark: each entry is one of the ledger's, the running balances of each user go on
/// from one entry to the next and end at what is kept, and whatever the entries are about is checked whole, by the keys that it
/// can have. An entry is read once, however often the check runs.
/// </summary>
/// <param name="mark">Up to where everything was checked before.</param>
internal sealed class LedgerTail(LedgerMark mark)
{
    private const int Slice = 100;

    private readonly LedgerCursor _cursor = new(mark.Number);
    private readonly Dictionary<long, long> _balances = [];
    private readonly Dictionary<long, string> _users = [];

    // With the highest number of a refund that was read of each: an order that lost its last write does not know of it.
    private readonly Dictionary<string, int> _subjects = [];
    private readonly SortedDictionary<long, LedgerEntry> _unmarked = [];
    private readonly List<LedgerFinding> _broken = [];
    private LedgerMark _mark = mark;
    private bool _isSound = true;

    /// <summary>How many entries it has read.</summary>
    public long Entries { get; private set; }

    /// <summary>Checks what has come since the last time, and moves the mark when all of it holds.</summary>
    /// <param name="store">The store.</param>
    /// <param name="pause">Waits between two slices, so that a busy store has more to do than this.</param>
    /// <returns>Everything that does not hold, also if it was found before.</returns>
    public async Task<IReadOnlyList<LedgerFinding>> CheckAsync(IStore store, Func<Task> pause)
    {
        while (!await ReadAsync(store))
            await pause();
        // Whoever is touched from here on has time until the next check.
        var (number, users, subjects) = (_cursor.Number, new Queue<long>(_users.Keys), new Queue<string>(_subjects.Keys));
        var findings = new List<LedgerFinding>();
        while (users.Count > 0 || subjects.Count > 0)
        {
            await pause();
            findings.AddRange(await CompareAsync(store, users, subjects));
        }
        findings.AddRange(_broken);
        _isSound &= findings.Count == 0;
        if (_isSound)
            await MoveMarkAsync(store, number);
        else
            _unmarked.Clear();
        return findings;
    }

    /// <returns>Whether there were no more entries.</returns>
    private async Task<bool> ReadAsync(IStore store)
    {
        var step = await store.RunAsync(tx => StepAsync(tx, [], []));
        Add(step.Entries);
        return step.Entries.IsAtEnd;
    }

    private async Task<IReadOnlyList<LedgerFinding>> CompareAsync(IStore store, Queue<long> users, Queue<string> subjects)
    {
        List<long> userIds = [.. users.Take(Slice)];
        List<string> numbers = [.. subjects.Take(Slice)];
        var step = await store.RunAsync(tx => StepAsync(tx, userIds, numbers));
        Add(step.Entries);
        // A balance can be compared only where no entry of it is unread.
        if (!step.Entries.IsAtEnd)
            return [];
        foreach (var _ in userIds)
            users.Dequeue();
        foreach (var _ in numbers)
            subjects.Dequeue();
        return [.. userIds.SelectMany(id => Compare(id, step.Users[id])), .. step.Subjects.SelectMany(Compare)];
    }

    private async ValueTask<Step> StepAsync(ITransaction tx, List<long> userIds, List<string> numbers)
    {
        var entries = await _cursor.ReadAsync(tx);
        var (users, subjects) = (new Dictionary<long, User?>(), new List<LedgerSubject>());
        if (!entries.IsAtEnd)
            return new Step(entries, users, subjects);
        foreach (var id in userIds)
            users[id] = await tx.GetAsync(AccountTables.Users, AccountTables.Key(id));
        foreach (var number in numbers)
            subjects.Add(await LedgerSubject.ReadAsync(tx, number, _subjects.GetValueOrDefault(number)));
        return new Step(entries, users, subjects);
    }

    private void Add(LedgerSlice slice)
    {
        _broken.AddRange(_cursor.Advance(slice));
        foreach (var entry in slice.Entries)
            Add(entry);
    }

    private void Add(LedgerEntry entry)
    {
        Entries++;
        if (_isSound)
            _unmarked[entry.Number] = entry;
        if (LedgerMove.Read(entry) is not { } move)
        {
            _broken.Add(LedgerFinding.Malformed(entry));
            return;
        }
        if (move.HasSubject)
            _subjects[move.Subject] = Math.Max(_subjects.GetValueOrDefault(move.Subject), move.Number);
        if (move.UserId is not { } id)
            return;
        var before = entry.BalanceFen!.Value - (entry.To == Ledger.Balance(id) ? entry.AmountFen : -entry.AmountFen);
        // Before the first entry that was read, the balance is what that entry says it was.
        if (_balances.TryGetValue(id, out var known) && known != before)
            _broken.Add(new LedgerFinding(Ledger.Balance(id), $"the balance before {entry.Key}", before, known, entry.Key));
        _balances[id] = entry.BalanceFen.Value;
        _users[id] = entry.Key;
    }

    private IEnumerable<LedgerFinding> Compare(long id, User? user)
    {
        if (user?.BalanceFen == _balances[id])
        {
            _users.Remove(id);
            return [];
        }
        return [new LedgerFinding(Ledger.Balance(id), "the balance", user?.BalanceFen ?? 0, _balances[id], _users[id])];
    }

    private IReadOnlyList<LedgerFinding> Compare(LedgerSubject subject)
    {
        IReadOnlyList<LedgerFinding> findings = [.. subject.Findings()];
        if (findings.Count == 0)
            _subjects.Remove(subject.No);
        return findings;
    }

    private async Task MoveMarkAsync(IStore store, long number)
    {
        var now = await store.RunAsync(tx => ValueTask.FromResult(tx.Now));
        // An entry that is younger may have one behind it that another node is still writing.
        var old = _unmarked.Values.TakeWhile(entry => entry.Number <= number && entry.At <= now - LedgerCursor.Lateness).ToList();
        if (old.Count == 0)
            return;
        _mark = new LedgerMark { Number = old[^1].Number, Totals = old.Aggregate(_mark.Totals, (totals, entry) => totals.After(entry)) };
        foreach (var entry in old)
            _unmarked.Remove(entry.Number);
        var moved = _mark;
        await store.RunAsync(tx => LedgerMark.MoveAsync(tx, moved));
    }

    private sealed record Step(LedgerSlice Entries, Dictionary<long, User?> Users, List<LedgerSubject> Subjects);
}
