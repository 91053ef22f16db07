using Charging.Server.Orders;
using Charging.Server.Storage;

namespace Charging.Server.Payments;

/// <summary>Where a refund stands.</summary>
public enum RefundStep
{
    /// <summary>Owed to the rider: a due row asks the provider until it has sent the money back.</summary>
    Owed,

    /// <summary>The money went back.</summary>
    Done,

    /// <summary>The provider has given it up; one with the next number has taken its place.</summary>
    Closed,
}

/// <summary>Money that goes back through the provider. Its number is fixed before anybody is asked, so it goes back once.</summary>
public sealed record Refund
{
    /// <summary>The order or top-up that was paid.</summary>
    public required OrderNo OrderNo { get; init; }

    /// <summary>Which refund of the order it is, from 1.</summary>
    public required int Number { get; init; }

    /// <summary>How much, in fen.</summary>
    public required long AmountFen { get; init; }

    /// <summary>The payment that it is a part of, in fen.</summary>
    public required long PaidFen { get; init; }

    /// <summary>When it became owed, UTC.</summary>
    public required DateTimeOffset OwedAt { get; init; }

    /// <summary>Where it stands.</summary>
    public RefundStep Step { get; init; }

    /// <summary>When the provider had sent it back, UTC; null before.</summary>
    public DateTimeOffset? DoneAt { get; init; }

    /// <summary>What the provider said last, where it was not done.</summary>
    public RefundState? LastAnswer { get; init; }

    /// <summary>Our number of it at the provider.</summary>
    public string No => NoOf(OrderNo, Number);

    /// <summary>The number of an order's refund at the provider.</summary>
    public static string NoOf(OrderNo orderNo, int number) => $"{orderNo}R{number}";

    /// <summary>Refunds by number.</summary>
    public static readonly Table<Refund> Table = new("refunds", StoreJson.Default.Refund, refund => refund.No);
}
