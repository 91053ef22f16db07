using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Accounts.Sms;

/// <summary>What a rider meets, whoever the vendor is.</summary>
internal static class SmsRider
{
    /// <summary>A setting with which nothing that could get into a log is left out.</summary>
    public const string LogsEverything = "--Logging:LogLevel:System.Net.Http=Trace";

    /// <summary>Registers with a code, and gives the answer's code.</summary>
    public static async Task<int> RegisterAsync(ChargingApp app, string phone, string code) =>
        (await app.PostAsync("register", new { body = new { phone, code, wxname = $"wx{phone}" } })).Code;

    /// <summary>Asks while the vendor refuses, and once more when it has stopped: the second code is another one, and works.</summary>
    public static async Task CanAskAgainAfterAsync(ChargingApp app, SmsVendor vendor, int code)
    {
        var phone = ChargingApp.NewPhone();
        Assert.Equal(code, (await app.SendCodeAsync(phone, "register")).Code);
        Assert.Empty(vendor.CodesFor(phone));
        vendor.Behaviour = SmsVendorBehaviour.Deliver;
        Assert.Equal(200, (await app.SendCodeAsync(phone, "register")).Code);
        Assert.Equal(2, vendor.Requests);
        Assert.Equal(200, await RegisterAsync(app, phone, Assert.Single(vendor.CodesFor(phone))));
    }

    /// <summary>Asks while the vendor delivers but its answer is lost: 5000, sent once, blocked for the next, and the code works.</summary>
    public static async Task<string> UsesTheCodeOfALostAnswerAsync(ChargingApp app, SmsVendor vendor)
    {
        var phone = ChargingApp.NewPhone();
        Assert.Equal(5000, (await app.SendCodeAsync(phone, "register")).Code);
        Assert.Equal(445, (await app.SendCodeAsync(phone, "register")).Code);
        Assert.Equal(1, vendor.Requests);
        Assert.Equal(200, await RegisterAsync(app, phone, Assert.Single(vendor.CodesFor(phone))));
        return phone;
    }

    /// <summary>No level of the log holds a secret, a code, or a whole phone number.</summary>
    public static void NothingSecretIsLogged(ChargingApp app, SmsVendor vendor, string phone, params string[] secrets)
    {
        string[] unspeakable = [phone, .. vendor.CodesFor(phone), .. secrets, "Signature="];
        Assert.All(app.Log.Records, record => Assert.DoesNotContain(unspeakable, text => record.ToString().Contains(text)));
    }
}
