using Charging.Testing;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Charging.Server.Tests.Calls;

/// <summary>A member that is null is one that is not there, on every route.</summary>
public sealed class NullTests
{
    [Fact]
    public async Task A_null_is_answered_as_nothing_is()
    {
        await using var app = await ChargingApp.StartAsync();
        var rider = await app.RegisterAsync();
        var values = 0;
        foreach (var route in Routes.All.Values.Where(route => route.Name is not ("logout" or "getValidateCode")))
        {
            var body = route.Method.InputType.FindFieldByName("body")?.MessageType ?? route.Method.InputType;
            foreach (var field in body.Fields.InDeclarationOrder())
            {
                var without = await rider.PostAsync(route.Name, new { body = new Dictionary<string, object?>() });
                var with = await rider.PostAsync(route.Name, new { body = new Dictionary<string, object?> { [field.JsonName] = null } });
                Assert.Equal((route.Name, field.JsonName, without.Code), (route.Name, field.JsonName, with.Code));
                values += field.FieldType == FieldType.Message && field.MessageType.FullName == Value.Descriptor.FullName ? 1 : 0;
            }
        }
        Assert.InRange(values, 4, int.MaxValue);
    }

    [Fact]
    public async Task A_plug_is_left_with_nulls_for_the_order_and_the_amount()
    {
        await using var app = await ChargingApp.StartAsync();
        var pile = await app.AddPileAsync();
        var rider = await app.RegisterAsync();
        Assert.Equal(200, (await rider.ReserveAsync(pile.Options.DeviceNo, "01")).Code);
        var left = await rider.PostAsync("mobilePaymentCharging", new { body = new { deviceNo = pile.Options.DeviceNo, plug = "01", orderNo = (string?)null, amount = (object?)null } });
        Assert.Equal(200, left.Code);
        Assert.Equal(200, (await (await app.RegisterAsync()).ReserveAsync(pile.Options.DeviceNo, "01")).Code);
    }
}
