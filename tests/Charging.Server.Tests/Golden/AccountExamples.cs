using Charging.Server.Cards;
using Charging.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Golden;

/// <summary>The document's examples of accounts and cards: sections 1 to 4, 11, 12 and 14.</summary>
public sealed class AccountExamples
{
    public static TheoryData<Transport> Transports => [Transport.Json, Transport.Grpc];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task The_examples_of_the_document_answer_as_it_shows(Transport transport)
    {
        await using var app = await ChargingApp.StartAsync(transport);
        await IssueAsync(app, "111111786", "34345799");
        var issued = new Dictionary<string, string> { ["phone"] = "18932224279" };
        var golden = new Testing.Golden(issued);

        Assert.Empty(await golden.RunAsync(app, PathOf("01-sendValidateCode")));
        issued["code"] = app.CodeFor("18932224279");
        Assert.Empty(await golden.RunAsync(app, PathOf("02-register")));
        await app.SendCodeAsync("18932224279", "login");
        issued["code"] = app.CodeFor("18932224279");
        Assert.Empty(await golden.RunAsync(app, PathOf("03-login")));
        var token = issued["token"];
        foreach (var section in new[] { "04-bindCard", "11-bindCard", "12-unbindCard" })
            Assert.Empty(await golden.RunAsync(app, PathOf(section), token));

        await app.PostAsync("unbindCard", new { body = new { cardNo = "0000000000" } }, token);
        foreach (var cardNo in new[] { "34345799", "34345800" })
            Assert.Equal(200, (await app.PostAsync("bindCard", new { body = new { cardNo } }, token)).Code);
        Assert.Empty(await golden.RunAsync(app, PathOf("14-getCardno"), token));
    }

    private static string PathOf(string section) => Path.Combine(AppContext.BaseDirectory, "Golden", $"{section}.txt");

    private static Task IssueAsync(ChargingApp app, params string[] numbers) => app.Services.GetRequiredService<Server.Cards.Cards>()
        .IssueAsync([.. numbers.Select(n => CardNo.TryParse(n, out var number) ? number : throw new ArgumentException(n))]);
}
