using CsCheck;

namespace Charging.Reliability.Model;

/// <summary>What a rider does next.</summary>
public enum StepKind
{
    /// <summary>Reserves a plug, pays and charges, with the variations of the step.</summary>
    Charge,

    /// <summary>Tops the balance up.</summary>
    TopUp,

    /// <summary>Holds a card to a pile.</summary>
    Swipe,

    /// <summary>Binds a card, or takes it off.</summary>
    Card,

    /// <summary>Names what is another rider's.</summary>
    Meddle,

    /// <summary>Looks at the list of orders and of cards.</summary>
    Look,

    /// <summary>Stops the newest charge of the list, also one that a card pays for.</summary>
    Stop,

    /// <summary>Pays the least that can be paid and stops early, again and again.</summary>
    Nibble,

    /// <summary>Charges at every plug there is.</summary>
    Hoard,

    /// <summary>Reserves, and does not pay, again and again.</summary>
    Abandon,

    /// <summary>Opens many top-ups, and pays some that are closed by then.</summary>
    OpenTopUps,

    /// <summary>Asks for what is over: pays, prepays and stops earlier orders, and credits earlier top-ups.</summary>
    Replay,

    /// <summary>Names cards that are others', or nobody's.</summary>
    GuessCards,
}

/// <summary>How a rider pays an order.</summary>
public enum PayWay
{
    /// <summary>At the provider.</summary>
    Phone,

    /// <summary>From the balance.</summary>
    Balance,

    /// <summary>Both at once.</summary>
    Both,
}

/// <summary>A step of a rider.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Plug">At which plug of all.</param>
/// <param name="Fen">The amount, in fen.</param>
/// <param name="PauseMs">Time before it, in milliseconds.</param>
/// <param name="PaysAfterMs">When the payment is made, in milliseconds after the order is; null when it is not paid.</param>
/// <param name="CallsAfterMs">When the server is told, in milliseconds after the order is made.</param>
/// <param name="Calls">How often the server is told of the payment, at once; 0 never.</param>
/// <param name="SaysMore">How much more than the amount the rider says was paid, in fen; 0 nearly always.</param>
/// <param name="GivesUpAfterMs">When the rider's phone gives a call up, in milliseconds; null when it waits.</param>
/// <param name="Leaves">Whether the rider leaves the payment (contract section 8).</param>
/// <param name="Way">How an order is paid.</param>
/// <param name="Prepays">Whether the server is asked to make the payment at the provider (contract section 6); else it is made without.</param>
/// <param name="StopsAfterMs">When the charge is stopped, in milliseconds after the order is made; null when it is not.</param>
public sealed record RiderStep(
    StepKind Kind, int Plug, int Fen, int PauseMs, int? PaysAfterMs, int CallsAfterMs, int Calls, int SaysMore, int? GivesUpAfterMs, bool Leaves,
    PayWay Way, bool Prepays, int? StopsAfterMs);

/// <summary>A rider's steps.</summary>
/// <param name="IsRich">Whether the rider tops up the balance before them.</param>
/// <param name="Steps">The steps.</param>
public sealed record RiderPlan(bool IsRich, IReadOnlyList<RiderStep> Steps);

/// <summary>How a pile behaves. Shares are in percent, of the starts where nothing else is said.</summary>
/// <param name="Seed">Its own choices.</param>
/// <param name="Rejects">Starts that it rejects.</param>
/// <param name="Deaf">Commands that it does not get.</param>
/// <param name="Mute">Results that get lost.</param>
/// <param name="Late">Starts that it obeys late.</param>
/// <param name="Reboots">Starts in the middle of which it reboots.</param>
/// <param name="DropsLink">Starts after which its connection is lost.</param>
/// <param name="Disorder">Events that are late or come twice.</param>
/// <param name="Forgets">Charges that it forgets, without an end record.</param>
/// <param name="Lies">Statuses that contradict what it does.</param>
/// <param name="DiesAfterMs">When it is gone for good, in milliseconds; null when it is not.</param>
/// <param name="Hostile">What it does when its secret is in other hands; null when it is not.</param>
public sealed record PilePlan(
    int Seed, int Rejects, int Deaf, int Mute, int Late, int Reboots, int DropsLink, int Disorder, int Forgets, int Lies, int? DiesAfterMs, HostilePlan? Hostile);

/// <summary>What a hostile pile does. Shares are in percent, of the charges where nothing else is said.</summary>
/// <param name="Invents">End records that say more than can be.</param>
/// <param name="Repeats">End records that come again as other events, with other figures.</param>
/// <param name="Withholds">End records that come when the server may have given the charge up.</param>
/// <param name="Pretends">Starts that it claims to have obeyed, and whose end it reports at once.</param>
/// <param name="ActsWithinMs">Time between two things that it sends without a reason, at most, in milliseconds.</param>
public sealed record HostilePlan(int Invents, int Repeats, int Withholds, int Pretends, int ActsWithinMs);

/// <summary>A crash of the server.</summary>
/// <param name="AfterSteps">After how many steps of its life.</param>
/// <param name="WithinWrites">Within how many writes of the disk after that, or between two steps when null.</param>
/// <param name="LosesPower">Whether what was not flushed is lost.</param>
/// <param name="DownMs">How long it is down, in milliseconds.</param>
public sealed record CrashPlan(int AfterSteps, int? WithinWrites, bool LosesPower, int DownMs);

/// <summary>A journey: everything that is decided before it begins, and the seed of the rest.</summary>
public sealed record Journey(
    int Seed, IReadOnlyList<RiderPlan> Riders, IReadOnlyList<PilePlan> Piles, ProviderPlan Provider, IReadOnlyList<CrashPlan> Crashes)
{
    /// <summary>Journeys of every kind.</summary>
    private static readonly Gen<Journey> Gen = Gens.Journeys();

    /// <summary>A journey of a run. The same run and number is the same journey.</summary>
    public static Journey Of(int run, int number) => Gen.Generate(new PCG((uint)number, (ulong)run), null, out _);
}

/// <summary>How journeys are generated.</summary>
internal static class Gens
{
    private const int Minute = 60_000;

    // A reservation runs out after three minutes.
    private static readonly Gen<int> AtTheEnd = Gen.Int[(3 * Minute) - 500, (3 * Minute) + 1500];

    public static Gen<Journey> Journeys() => Gen.Select(
        Gen.Int[0, int.MaxValue / 2],
        Riders().List[1, 3],
        Piles().List[1, 2],
        Provider(),
        Crash().List[0, 3],
        (seed, riders, piles, provider, crashes) => new Journey(seed, riders, piles, provider, crashes));

    private static Gen<RiderPlan> Riders() => Gen.Select(Gen.Bool, Step().List[1, 6], (isRich, steps) => new RiderPlan(isRich, steps));

    private static Gen<RiderStep> Step() => Gen.Select(
        Gen.Frequency(
            (10, Gen.Const(StepKind.Charge)), (4, Gen.Const(StepKind.TopUp)), (4, Gen.Const(StepKind.Swipe)), (2, Gen.Const(StepKind.Card)),
            (1, Gen.Const(StepKind.Meddle)), (1, Gen.Const(StepKind.Look)), (1, Gen.Const(StepKind.Stop)),
            (1, Gen.Const(StepKind.Nibble)), (1, Gen.Const(StepKind.Hoard)), (1, Gen.Const(StepKind.Abandon)), (1, Gen.Const(StepKind.OpenTopUps)),
            (1, Gen.Const(StepKind.Replay)), (1, Gen.Const(StepKind.GuessCards))),
        Gen.Frequency((1, Gen.Const(0)), (2, Gen.Int[0, 3])),
        Gen.Int[1, 20],
        Gen.Frequency((3, Gen.Int[0, 2000]), (2, Gen.Int[0, Minute]), (1, Gen.Int[0, 20 * Minute])),
        Gen.Frequency((10, Gen.Int[0, 3000].Select(ms => (int?)ms)), (2, Gen.Int[0, 6 * Minute].Select(ms => (int?)ms)), (1, AtTheEnd.Select(ms => (int?)ms)), (2, Gen.Const((int?)null))),
        Gen.Frequency((10, Gen.Int[0, 3000]), (2, Gen.Int[0, 6 * Minute]), (2, AtTheEnd)),
        Gen.Frequency((1, Gen.Const(0)), (6, Gen.Const(1)), (4, Gen.Int[2, 3])),
        Gen.Select(Manners(), Ways()),
        (kind, plug, fen, pause, pays, calls, times, rest) => new RiderStep(
            kind, plug, fen, pause, pays, calls, times, rest.Item1.SaysMore, rest.Item1.GivesUp, rest.Item1.Leaves,
            rest.Item2.Way, rest.Item2.Prepays, rest.Item2.Stops));

    private static Gen<(PayWay Way, bool Prepays, int? Stops)> Ways() => Gen.Select(
        Gen.Frequency((5, Gen.Const(PayWay.Phone)), (3, Gen.Const(PayWay.Balance)), (1, Gen.Const(PayWay.Both))),
        Gen.Frequency((2, Gen.Const(false)), (1, Gen.Const(true))),
        // Before the start is acknowledged, soon, or when the charge may be over.
        Gen.Frequency((5, Gen.Const((int?)null)), (1, Gen.Int[0, 6000].Select(ms => (int?)ms)), (1, Gen.Int[0, Minute].Select(ms => (int?)ms)), (1, Gen.Int[0, 40 * Minute].Select(ms => (int?)ms))));

    private static Gen<(int SaysMore, int? GivesUp, bool Leaves)> Manners() => Gen.Select(
        Gen.Frequency((14, Gen.Const(0)), (1, Gen.Int[-3, 3])),
        Gen.Frequency((8, Gen.Const((int?)null)), (1, Gen.Int[0, 20_000].Select(ms => (int?)ms))),
        Gen.Frequency((6, Gen.Const(false)), (1, Gen.Const(true))));

    private static Gen<PilePlan> Piles() => Gen.Select(
        Gen.Int[0, int.MaxValue],
        Share(25),
        Share(20),
        Share(25),
        Share(25),
        Share(20),
        Gen.Select(Share(20), Share(60), Share(10), Gen.Frequency((3, Gen.Const(0)), (1, Share(10))), Gen.Frequency((6, Gen.Const((int?)null)), (1, Gen.Int[0, 30 * Minute].Select(ms => (int?)ms))), Hostile()),
        (seed, rejects, deaf, mute, late, reboots, rest) =>
            new PilePlan(seed, rejects, deaf, mute, late, reboots, rest.Item1, rest.Item2, rest.Item3, rest.Item4, rest.Item5, rest.Item6));

    private static Gen<HostilePlan?> Hostile() => Gen.Frequency(
        (3, Gen.Const((HostilePlan?)null)),
        (1, Gen.Select(Share(100), Share(100), Share(100), Share(60), Gen.Int[20_000, 10 * Minute], (invents, repeats, withholds, pretends, acts) =>
            (HostilePlan?)new HostilePlan(invents, repeats, withholds, pretends, acts))));

    private static Gen<ProviderPlan> Provider() => Gen.Select(
        Gen.Frequency((3, Gen.Int[0, 500]), (2, Gen.Int[0, 12_000]), (1, Gen.Int[0, 10 * Minute])),
        Share(40),
        Share(20),
        Share(10),
        Share(60),
        Share(60),
        (lag, silent, slow, untrusted, refunds, callbacks) => new ProviderPlan(lag, silent, slow, untrusted, refunds, callbacks));

    private static Gen<CrashPlan> Crash() => Gen.Select(
        Gen.Frequency((3, Gen.Int[20, 400]), (1, Gen.Int[20, 4000])),
        Gen.Frequency((1, Gen.Const((int?)null)), (1, Gen.Int[1, 60].Select(writes => (int?)writes))),
        Gen.Bool,
        Gen.Frequency((3, Gen.Int[0, 10_000]), (1, Gen.Int[0, 10 * Minute])),
        (steps, writes, power, down) => new CrashPlan(steps, writes, power, down));

    // Half of the time the fault does not occur at all, so that others are seen alone.
    private static Gen<int> Share(int most) => Gen.Frequency((1, Gen.Const(0)), (1, Gen.Int[0, most]));
}
