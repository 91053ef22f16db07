using Charging.Server.Accounts;
using Charging.Server.Orders;

namespace Charging.Server.Payments;

/// <summary>The sums of every account, in memory, for the full check: about 200 bytes for each order.</summary>
internal sealed class LedgerBooks
{
    private readonly Dictionary<long, UserSum> _users = [];
    private readonly HashSet<long> _usersSeen = [];
    private readonly Dictionary<string, LedgerSums> _subjects = [];
    private readonly List<LedgerFinding> _findings = [];

    /// <summary>How many entries were added.</summary>
    public long Entries { get; private set; }

    /// <summary>What is on the accounts of the whole operation.</summary>
    public LedgerTotals Totals { get; private set; } = new();

    /// <summary>Users that have entries and were not compared.</summary>
    public IReadOnlyList<long> UsersLeft => [.. _users.Keys.Where(id => !_usersSeen.Contains(id))];

    /// <summary>Orders and top-ups that have entries and were not compared.</summary>
    public IReadOnlyList<string> SubjectsLeft => [.. _subjects.Where(subject => !subject.Value.IsSeen).Select(subject => subject.Key)];

    /// <summary>Adds an entry.</summary>
    public void Add(LedgerEntry entry)
    {
        Entries++;
        Totals = Totals.After(entry);
        if (LedgerMove.Read(entry) is not { } move)
        {
            _findings.Add(LedgerFinding.Malformed(entry));
            return;
        }
        if (move.HasSubject)
        {
            if (!_subjects.TryGetValue(move.Subject, out var sums))
                _subjects[move.Subject] = sums = new LedgerSums();
            sums.Add(move, entry);
        }
        if (move.UserId is { } id)
            _users[id] = _users.GetValueOrDefault(id).After(entry, id);
    }

    /// <summary>Compares a user.</summary>
    public IEnumerable<LedgerFinding> Compare(User user)
    {
        _usersSeen.Add(user.Id);
        return LedgerRules.Of(user, _users.GetValueOrDefault(user.Id));
    }

    /// <summary>Compares an order.</summary>
    public IEnumerable<LedgerFinding> Compare(Order order, long openFen) => LedgerRules.Of(order, Seen(order.No), openFen);

    /// <summary>Compares a top-up.</summary>
    public IEnumerable<LedgerFinding> Compare(TopUp topUp, long openFen) => LedgerRules.Of(topUp, Seen(topUp.No), openFen);

    /// <summary>Compares whatever has entries of that number.</summary>
    public IEnumerable<LedgerFinding> Compare(LedgerSubject subject) => (subject.Order, subject.TopUp) switch
    {
        ({ } order, _) => Compare(order, subject.OpenFen),
        (_, { } topUp) => Compare(topUp, subject.OpenFen),
        _ => Miss(subject.No),
    };

    /// <summary>A user that has entries and is not there.</summary>
    public IEnumerable<LedgerFinding> Miss(long userId)
    {
        _usersSeen.Add(userId);
        return [new LedgerFinding(Ledger.Balance(userId), "what belongs to nobody", 0, _users[userId].Fen, _users[userId].Newest)];
    }

    /// <summary>What was found since the last asking.</summary>
    public IReadOnlyList<LedgerFinding> TakeFindings()
    {
        IReadOnlyList<LedgerFinding> taken = [.. _findings];
        _findings.Clear();
        return taken;
    }

    private IEnumerable<LedgerFinding> Miss(string no)
    {
        var sums = Seen(no);
        return [new LedgerFinding(no, "what belongs to no order and no top-up", 0, sums.HeldFen + sums.CreditedFen + sums.SurplusFen, sums.Newest)];
    }

    private LedgerSums Seen(OrderNo no) => Seen(no.ToString());

    private LedgerSums Seen(string no)
    {
        var sums = _subjects.GetValueOrDefault(no) ?? new LedgerSums();
        sums.IsSeen = true;
        return sums;
    }
}
