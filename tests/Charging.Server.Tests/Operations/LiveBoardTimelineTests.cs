using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Charging.Device.V1;
using Charging.Ops.V1;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Server.Piles;
using Charging.Server.Storage;
using Charging.Server.Tests.Documents;
using Charging.Testing;
using Xunit;
using OrderState = Charging.Server.Orders.OrderState;
using RefundStep = Charging.Server.Payments.RefundStep;

namespace Charging.Server.Tests.Operations;

/// <summary>The live board tells in Chinese what happened to an order, whatever it is.</summary>
public sealed partial class LiveBoardTimelineTests(Browser browser) : IClassFixture<Browser>
{
    private static readonly string Script = Repository.Read("src/Server/Operations/LiveBoard/timeline.js");

    private static readonly string[] Sentences = [.. Sentence().Matches(Script).Select(it => it.Groups["english"].Value)];

    [Fact]
    public void Every_sentence_of_the_server_is_there_in_Chinese_and_no_other()
    {
        var told = Repository.Files("src/Server", "*.cs").SelectMany(file => file switch
        {
            "src/Server/Operations/OrderTimeline.cs" => Literals(Repository.Read(file)).Where(text => text.Contains('.')),
            "src/Server/Operations/OrderActions.cs" => Outcome().Matches(Repository.Read(file)).SelectMany(line => Literals(line.Value)),
            _ => Call().Matches(Repository.Read(file)).SelectMany(line => Literals(line.Value)),
        });

        Assert.Equal(told.Order(StringComparer.Ordinal), Sentences.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_word_that_stands_in_a_sentence_is_there_in_Chinese()
    {
        IEnumerable<string> words =
        [
            .. Enum.GetNames<OrderState>(), .. Enum.GetNames<EndReason>(), .. Enum.GetNames<RejectReason>(), .. Enum.GetNames<AlarmCode>(), .. Enum.GetNames<PileEvent.KindOneofCase>(),
            .. Enum.GetNames<RefundStep>(), .. Enum.GetNames<RefundState>(), .. Enum.GetNames<DueKind>(), "done", Pauses.Retired,
            .. OrderService.Descriptor.Methods.Where(method => method.GetOptions().GetExtension(AccessExtensions.Role) is not Role.Viewer).Select(method => method.Name),
            .. Trouble().Matches(Repository.Read("src/Server/Operations/LiveBoard/words.js")).Select(it => it.Groups["name"].Value),
        ];

        Assert.Equal(words.Distinct().Where(word => word != "PILE_OFFLINE").Order(StringComparer.Ordinal), Term().Matches(Script).Select(it => it.Groups["name"].Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_order_that_was_ended_and_given_back_is_told_in_Chinese_and_in_English()
    {
        await using var stand = await Stand.OpenAsync();
        var orderNo = await LiveBoardOrderTests.LoseAsync(stand);
        var orders = new OrderService.OrderServiceClient(stand.App.AsOperator());
        await orders.RetryOrderAsync(new RetryOrderRequest { OrderNo = orderNo });
        await orders.RefundOrderAsync(new RefundOrderRequest { OrderNo = orderNo, AmountFen = 12, To = RefundTo.Balance, Reason = "slow, and late" });
        await using var page = await browser.OpenAsync(stand.App, new JsonObject { ["language"] = "zh-CN" });
        await page.WatchAsync(stand.App.Key());
        await page.ClickAsync($"#trouble .link-like:has-text('{orderNo}')");
        await page.SeesAsync("#details .timeline li:has-text('设备已不知道该次充电')");
        await page.SeesAsync("#details .timeline li:has-text('operator.key：退款（slow, and late）。0.12 元退至用户余额。')");
        var texts = await page.TextsAsync("#details .timeline li > span:last-child");
        Assert.All(texts.Where(text => !text.Contains("operator.key", StringComparison.Ordinal)), text => Assert.DoesNotMatch("[A-Za-z]{3,}", text));
        // It was reserved at 11:07 in Shanghai, and the page says whose clock that is.
        Assert.StartsWith("2019-12-04 11:07:", (await page.TextsAsync("#details .timeline time"))[0], StringComparison.Ordinal);
        await page.SeesAsync("#details h3:has-text('北京时间')");
        await page.SeesAsync("main:has-text('所有时间和日期均为北京时间')");

        // Each sentence finds its own translation and no other, with whatever stands in it.
        var filled = Sentences.Select(sentence => Hole().Replace(sentence, "Stop"));
        var chinese = await page.AskAsync<string[]>($"import('/board/timeline.js').then(({{ told }}) => {new JsonArray([.. filled.Select(text => JsonValue.Create(text))]).ToJsonString()}.map(told))");
        Assert.Equal(Sentence().Matches(Script).Select(it => Star().Replace(Hole().Replace(it.Groups["chinese"].Value, "Stop"), "停止指令")), chinese);

        await page.PressAsync("Escape");
        await page.ClickAsync("#language");
        await page.ClickAsync($"#trouble .link-like:has-text('{orderNo}')");
        await page.SeesAsync("#details .timeline li:has-text('operator.key: RefundOrder (slow, and late). 0.12 yuan go back to the balance.')");
    }

    /// <summary>The texts between quotes, with numbers for what is put in.</summary>
    private static IEnumerable<string> Literals(string code) => Literal().Matches(code).Select(literal =>
    {
        var number = 0;
        return Expression().Replace(literal.Groups["text"].Value, _ => $"{{{number++}}}");
    });

    [GeneratedRegex("""^  "(?<english>[^"]+)": "(?<chinese>[^"]+)",$""", RegexOptions.Multiline)]
    private static partial Regex Sentence();

    [GeneratedRegex(@"(?<= )(?<name>\w+): """)]
    private static partial Regex Term();

    [GeneratedRegex("""^  "TROUBLE\.(?<name>\w+)":""", RegexOptions.Multiline)]
    private static partial Regex Trouble();

    [GeneratedRegex("""\b(TellAsync|GiveUpAsync)\([^;]*;""")]
    private static partial Regex Call();

    [GeneratedRegex("""new Made<Order>\(.*""")]
    private static partial Regex Outcome();

    [GeneratedRegex("\"(?<text>[^\"\n]*)\"")]
    private static partial Regex Literal();

    [GeneratedRegex(@"\{(?:[^{}()]|\((?:[^()]|\([^()]*\))*\))*\}")]
    private static partial Regex Expression();

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Hole();

    [GeneratedRegex(@"\{\d\*\}")]
    private static partial Regex Star();
}
