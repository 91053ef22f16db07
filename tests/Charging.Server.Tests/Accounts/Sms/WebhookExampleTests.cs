using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Charging.Server.Tests.Documents;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Accounts.Sms;

/// <summary>The receiver that docs/sms.md shows, taken from the page and run as a reader would.</summary>
public sealed partial class WebhookExampleTests
{
    private const string Secret = "the-secret-that-the-page-does-not-know";

    [Theory]
    [InlineData(Secret, 200)]
    [InlineData("another-secret-of-at-least-32-characters", 5000)]
    public async Task The_receiver_of_the_page_takes_what_is_signed_with_its_secret(string secret, int code)
    {
        using var receiver = Start(out var directory);
        try
        {
            var greeting = await receiver.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            var port = int.Parse(greeting!.Split(' ')[^1], CultureInfo.InvariantCulture);
            await using var app = await ChargingApp.StartAsync(new ChargingAppOptions
            {
                SmsBySettings = true,
                Settings =
                [
                    "--Charging:Sms:Provider=Webhook", $"--Charging:Sms:Webhook:Url=http://127.0.0.1:{port}/", $"--Charging:Sms:Webhook:Secret={secret}",
                ],
            });
            if (code != 200)
                app.ExpectError("HTTP 401");
            var phone = ChargingApp.NewPhone();
            Assert.Equal(code, (await app.SendCodeAsync(phone, "register")).Code);
            if (code == 200)
                Assert.Matches($"^to {phone}: [0-9]{{6}} ", await receiver.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        }
        finally
        {
            receiver.Kill();
            await receiver.WaitForExitAsync(CancellationToken.None);
            directory.Delete(recursive: true);
        }
    }

    private static Process Start(out DirectoryInfo directory)
    {
        directory = Directory.CreateTempSubdirectory("charging-");
        var script = Path.Combine(directory.FullName, "receiver.js");
        File.WriteAllText(script, Example().Match(Repository.Read("docs/sms.md")).Groups["code"].Value);
        return Process.Start(new ProcessStartInfo("node")
        {
            ArgumentList = { script },
            RedirectStandardOutput = true,
            Environment = { ["PORT"] = "0", ["SMS_SECRET"] = Secret },
        })!;
    }

    [GeneratedRegex("^```js\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Example();
}
