using System.Globalization;
using System.Text;

namespace Charging.Server.Payments.WeChatPay;

/// <summary>
/// A day's trade bill: a line of headings, a line for each payment and refund whose fields begin with a backquote, and two
/// lines of sums. Amounts are yuan with two decimals. Columns are found by their headings.
/// </summary>
internal static class TradeBill
{
    private const string FieldSeparator = ",`";
    private const string FirstSum = "总交易单数";
    private const string Failed = "FAIL";

    /// <summary>Reads a bill.</summary>
    /// <param name="file">The file as it was downloaded, UTF-8.</param>
    /// <param name="appId">Whose lines are wanted: a merchant may take payments elsewhere, too.</param>
    /// <exception cref="FormatException">It is no such bill.</exception>
    public static IReadOnlyList<BillLine> Read(byte[] file, string appId)
    {
        var rows = Encoding.UTF8.GetString(file).TrimStart('\uFEFF').Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (rows.Length == 0)
            throw new FormatException("The bill is empty.");
        var columns = new Columns(rows[0].Split(',', StringSplitOptions.TrimEntries));
        return [.. rows.Skip(1).TakeWhile(row => !row.StartsWith(FirstSum, StringComparison.Ordinal)).Select(columns.Read).Where(IsWanted).Select(row => row.Line)];

        bool IsWanted(Row row) => row.AppId == appId && row.Line.Fen > 0;
    }

    private readonly record struct Row(string AppId, BillLine Line);

    private sealed class Columns(string[] headings)
    {
        private readonly int _appId = Find(headings, "公众账号ID");
        private readonly int _orderNo = Find(headings, "商户订单号");
        private readonly int _state = Find(headings, "交易状态");
        private readonly int _paid = Find(headings, "订单金额", "总金额");
        private readonly int _refundNo = Find(headings, "商户退款单号");
        private readonly int _refunded = Find(headings, "申请退款金额", "退款金额");
        private readonly int _refundState = Find(headings, "退款状态");

        public Row Read(string row)
        {
            var fields = row.TrimStart('`').Split(FieldSeparator);
            if (fields.Length != headings.Length)
                throw new FormatException($"A line of the bill has {fields.Length} fields, and {headings.Length} headings.");
            var orderNo = fields[_orderNo];
            var isRefund = fields[_state] == "REFUND";
            if (!isRefund)
                return new Row(fields[_appId], new BillLine(orderNo, orderNo, Fen(fields[_paid]), false));
            // A refund that the provider gave up is listed and has moved nothing.
            var fen = fields[_refundState] == Failed ? 0 : Fen(fields[_refunded]);
            return new Row(fields[_appId], new BillLine(fields[_refundNo], orderNo, fen, true));
        }

        private static int Find(string[] headings, params string[] names)
        {
            foreach (var name in names)
            {
                if (Array.IndexOf(headings, name) is var place and >= 0)
                    return place;
            }
            throw new FormatException($"The bill has no column {names[0]}.");
        }

        private static long Fen(string yuan) =>
            decimal.TryParse(yuan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) && decimal.IsInteger(amount * 100)
                ? (long)(amount * 100)
                : throw new FormatException("An amount of the bill cannot be read.");
    }
}
