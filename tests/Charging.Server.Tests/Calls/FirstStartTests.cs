using Charging.Server.Storage;
using Charging.Testing;
using Charging.Testing.WeChatPay;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Calls;

/// <summary>The store is opened in one place and on an empty one, whoever takes the money, sends the SMS and knows the riders.</summary>
public sealed class FirstStartTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("charging-first-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData("LiteDb")]
    [InlineData("PostgreSql")]
    public async Task Every_provider_starts_on_an_empty_place(string engine)
    {
        await using var wechat = await WeChatPayDouble.StartAsync();
        await using var tencent = await TencentSmsDouble.StartAsync();
        await using var webhook = await WebhookReceiver.StartAsync();
        string[][] payments = [["--Charging:Payment:Provider=Sandbox", "--Charging:MiniProgram:Provider=Sandbox"], wechat.Settings];
        IReadOnlyList<string>[] messages = [["--Charging:Sms:Provider=Console"], tencent.Settings(), webhook.Settings()];
        foreach (var payment in payments)
        {
            foreach (var sms in messages)
            {
                var place = Path.Combine(_directory.FullName, Guid.NewGuid().ToString("N"), "data");
                string[] store = engine == "LiteDb" ? [] : ["--Charging:Store:Engine=PostgreSql", $"--Charging:Store:ConnectionString={await (await PostgresServer.SharedAsync()).NewDatabaseAsync()}"];
                await using var app = Program.Build(["--environment=Development", $"--Charging:DataDirectory={place}", .. store, .. payment, .. sms]);
                Assert.True(Directory.Exists(place));
                Assert.NotNull(app.Services.GetRequiredService<IStore>());
            }
        }
    }
}
