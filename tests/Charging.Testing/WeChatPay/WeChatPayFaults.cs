using System.Collections.Concurrent;

namespace Charging.Testing.WeChatPay;

/// <summary>The calls that the double answers.</summary>
public enum WeChatCall
{
    /// <summary>Making a payment.</summary>
    Prepay,

    /// <summary>Asking about a payment.</summary>
    Query,

    /// <summary>Closing one.</summary>
    Close,

    /// <summary>Sending money back.</summary>
    Refund,

    /// <summary>Asking about a refund.</summary>
    RefundQuery,

    /// <summary>Asking where a bill is.</summary>
    Bill,

    /// <summary>Downloading it.</summary>
    BillFile,

    /// <summary>Downloading the platform certificates.</summary>
    Certificates,

    /// <summary>Asking who has called `wx.login`.</summary>
    Session,

    /// <summary>Asking for a token.</summary>
    Token,

    /// <summary>Sending a subscription message.</summary>
    Message,
}

/// <summary>How a call goes wrong.</summary>
public enum Outage
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>HTTP 429, and nothing is done.</summary>
    TooMany,

    /// <summary>HTTP 500, and nothing is done.</summary>
    ServerError,

    /// <summary>The connection is cut, and nothing is done.</summary>
    Cut,

    /// <summary>It is done, and the connection is cut instead of an answer.</summary>
    CutAfter,

    /// <summary>It is done, and no answer comes.</summary>
    Slow,
}

/// <summary>What is wrong with an answer or a callback.</summary>
public enum Lie
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It is signed with a key that is nobody's.</summary>
    BadSignature,

    /// <summary>It names a key that nobody has.</summary>
    UnknownSerial,

    /// <summary>It has no signature.</summary>
    NoSignature,

    /// <summary>It was signed ten minutes ago.</summary>
    Old,

    /// <summary>An amount was changed on the way, after it was signed.</summary>
    Tampered,

    /// <summary>It is a probe: the signature begins with what WeChat Pay uses for those.</summary>
    Probe,

    /// <summary>Signed, but about another order.</summary>
    OtherOrder,

    /// <summary>Signed, but of another merchant.</summary>
    OtherMerchant,

    /// <summary>Signed, but of another mini-program.</summary>
    OtherApp,

    /// <summary>Signed, but in dollars.</summary>
    OtherCurrency,

    /// <summary>Signed, but one fen more.</summary>
    OtherAmount,
}

/// <summary>When the callback of a payment is sent.</summary>
public enum CallbackMode
{
    /// <summary>Once, when it was paid.</summary>
    Once,

    /// <summary>Twice at the same time.</summary>
    Twice,

    /// <summary>Never.</summary>
    Never,

    /// <summary>Only after the merchant has tried to close the order.</summary>
    AfterClose,
}

/// <summary>What the double does wrong. May be changed at any time; nothing by default.</summary>
public sealed class WeChatPayFaults
{
    private readonly ConcurrentDictionary<WeChatCall, (Outage Outage, int Times)> _outages = new();

    /// <summary>What is wrong with every answer, but for the certificates.</summary>
    public Lie Answers { get; set; }

    /// <summary>What is wrong with the certificates' answer.</summary>
    public Lie CertificateAnswers { get; set; }

    /// <summary>What is wrong with every callback.</summary>
    public Lie Callbacks { get; set; }

    /// <summary>When callbacks of payments are sent.</summary>
    public CallbackMode CallbackMode { get; set; }

    /// <summary>Whether the rider has paid, and the callback is there, before the prepay is answered.</summary>
    public bool PaidBeforePrepayAnswer { get; set; }

    /// <summary>How many queries of a payment still say NOTPAY after it was paid.</summary>
    public int LaggingQueries { get; set; }

    /// <summary>How long a refund is PROCESSING.</summary>
    public TimeSpan RefundTakes { get; set; }

    /// <summary>What becomes of a refund: `SUCCESS`, `ABNORMAL` or `CLOSED`.</summary>
    public string RefundEnd { get; set; } = "SUCCESS";

    /// <summary>An error code that every refund is answered with, such as `NOT_ENOUGH`; null for none.</summary>
    public string? RefundError { get; set; }

    /// <summary>Numbers that bills leave out.</summary>
    public ConcurrentDictionary<string, bool> MissingInBills { get; } = new();

    /// <summary>Whether a byte of a bill is another than the hash was made of.</summary>
    public bool BillIsChanged { get; set; }

    /// <summary>Makes a call go wrong.</summary>
    /// <param name="outage">How.</param>
    /// <param name="call">Which.</param>
    /// <param name="times">How often; for ever by default.</param>
    public void Break(Outage outage, WeChatCall call, int times = int.MaxValue) => _outages[call] = (outage, times);

    /// <summary>All calls work again.</summary>
    public void Mend() => _outages.Clear();

    /// <summary>How a call goes wrong this time.</summary>
    internal Outage Next(WeChatCall call)
    {
        while (_outages.TryGetValue(call, out var now))
        {
            if (now.Times <= 0)
                return Outage.None;
            if (_outages.TryUpdate(call, (now.Outage, now.Times - 1), now))
                return now.Outage;
        }
        return Outage.None;
    }
}
