using Charging.Server.Orders;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>What one key has moved on one day.</summary>
public sealed record Spending
{
    /// <summary>The key.</summary>
    public required string KeyId { get; init; }

    /// <summary>The day in Asia/Shanghai, `yyyy-MM-dd`.</summary>
    public required string Day { get; init; }

    /// <summary>What was given back of what was earned, in fen.</summary>
    public long RefundFen { get; init; }

    /// <summary>What was put on balances and taken from them, in fen.</summary>
    public long AdjustFen { get; init; }

    /// <summary>By key and day.</summary>
    public static readonly Table<Spending> Table = new("operator_spending", StoreJson.Default.Spending, spending => KeyOf(spending.KeyId, spending.Day));

    /// <summary>The key of a day.</summary>
    public static string KeyOf(string keyId, string day) => $"{keyId} {day}";
}

/// <summary>Holds each role to its limits.</summary>
internal sealed class Limits(OperationsOptions options, Board board)
{
    /// <summary>
    /// Counts what ending a charge gives back at a pile that is offline, or refuses it: the pile may be charging all the same.
    /// What goes back by the word of a pile that is online is no gift.
    /// </summary>
    public async ValueTask EndAsync(ITransaction tx, Operator who, Order order)
    {
        if (order.State == OrderState.Charging && !board.IsOnline(order.Plug.Device) && order.PaidFen - order.Usage().Fen is > 0 and var fen)
            await RefundAsync(tx, who, fen);
    }

    /// <summary>Counts a refund, or refuses it.</summary>
    public ValueTask RefundAsync(ITransaction tx, Operator who, long fen) => SpendAsync(
        tx, who, spending => spending with { RefundFen = spending.RefundFen + fen }, spending => spending.RefundFen, (options.OperatorRefundFen, options.FinanceRefundFen));

    /// <summary>Counts an adjustment, or refuses it.</summary>
    public ValueTask AdjustAsync(ITransaction tx, Operator who, long fen) => SpendAsync(
        tx, who, spending => spending with { AdjustFen = spending.AdjustFen + fen }, spending => spending.AdjustFen, (options.OperatorAdjustFen, options.FinanceAdjustFen));

    private static async ValueTask SpendAsync(
        ITransaction tx, Operator who, Func<Spending, Spending> add, Func<Spending, long> sum, (long Operator, long Finance) limits)
    {
        var day = DayFigures.DayOf(tx.Now);
        var before = await tx.GetAsync(Spending.Table, Spending.KeyOf(who.KeyId, day)) ?? new Spending { KeyId = who.KeyId, Day = day };
        var after = add(before);
        var limit = who.Role switch
        {
            OperatorRole.Admin => long.MaxValue,
            OperatorRole.Finance => limits.Finance,
            OperatorRole.Operator => limits.Operator,
            _ => 0,
        };
        if (sum(after) > limit)
        {
            throw Refusal.Of(
                StatusCode.PermissionDenied,
                $"A key of the role {who.Role.ToString().ToLowerInvariant()} may move {Yuan.Of(limit)} yuan of this kind in a day, and {Yuan.Of(sum(before))} were moved today: ask somebody with a higher role.",
                Reasons.LimitExceeded);
        }
        tx.Put(Spending.Table, after);
    }
}

/// <summary>Money in sentences.</summary>
internal static class Yuan
{
    /// <summary>Fen as yuan with two decimals.</summary>
    public static string Of(long fen) => (fen / 100m).ToString("0.00", System.Globalization.CultureInfo.InvariantCulture);
}
