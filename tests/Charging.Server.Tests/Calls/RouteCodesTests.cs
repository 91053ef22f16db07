using System.Text.Json;
using Charging.Server.Calls;
using Charging.Testing;
using CsCheck;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using Route = Charging.Testing.Route;

namespace Charging.Server.Tests.Calls;

/// <summary>The closed set of codes (contract section 2), proved by walking every route.</summary>
public sealed class RouteCodesTests
{
    [Fact]
    public void Every_method_of_the_protos_has_its_codes()
    {
        Assert.Equal(Routes.All.Values.Select(r => r.FullName).Order(), RouteCodes.Own.Keys.Order());
        Assert.Equal(["/charging.miniprogram.v1.AccountService/Login", "/charging.miniprogram.v1.AccountService/Register", "/charging.miniprogram.v1.AccountService/SendValidateCode"], RouteCodes.WithoutToken.Order());
    }

    /// <summary>The interceptor guards unary methods alone.</summary>
    [Fact]
    public void Every_method_of_the_protos_is_unary() =>
        Assert.DoesNotContain(Routes.All.Values, r => r.Method.IsClientStreaming || r.Method.IsServerStreaming);

    [Theory]
    [InlineData("login", 2007, false)]
    [InlineData("login", 2009, true)]
    [InlineData("getCardno", 4002, false)]
    [InlineData("getOrderNo", 5000, true)]
    [InlineData("payWithBalance", 3007, true)]
    [InlineData("mobilePaymentCharging", 3007, false)]
    [InlineData("stopCharging", 4005, true)]
    [InlineData("stopCharging", 4000, false)]
    public void A_route_allows_its_own_codes_and_those_of_all(string route, int code, bool allowed) =>
        Assert.Equal(allowed, RouteCodes.Allows(Routes.All[route].FullName, code));

    [Fact]
    public async Task Every_route_but_those_of_the_accounts_needs_a_token_over_json_and_grpc()
    {
        foreach (var transport in new[] { Transport.Json, Transport.Grpc })
        {
            await using var app = await ChargingApp.StartAsync(transport);
            foreach (var route in Served(app))
            {
                var answer = await app.PostAsync(route.Name, "{}", "Bearer " + new string('A', 43));
                Assert.Equal((route.Name, RouteCodes.WithoutToken.Contains(route.FullName) ? 403 : 401), (route.Name, answer.Code));
            }
        }
    }

    [Fact]
    public async Task Whatever_is_asked_every_route_keeps_to_its_codes()
    {
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = ChargingApp.ManyRiders });
        var rider = await app.RegisterAsync();
        var routes = Served(app).ToArray();
        var calls = Gen.Select(Gen.Int[0, routes.Length - 1], GenBody(rider.Phone)).Array[400].Single();
        foreach (var (index, body) in calls)
        {
            // Whoever logs out is somebody else from then on, or all that follows is 401.
            var caller = routes[index].Name == "logout" ? await app.RegisterAsync() : rider;
            var answer = await caller.PostAsync(routes[index].Name, body);
            Assert.True(RouteCodes.Allows(routes[index].FullName, answer.Code), $"{routes[index].Name} {body}: {answer.Text}");
        }
    }

    /// <summary>The routes that this build serves.</summary>
    private static IEnumerable<Route> Served(ChargingApp app)
    {
        var names = app.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .Select(e => e.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.FullName).ToHashSet();
        return Routes.All.Values.Where(r => names.Contains(r.FullName));
    }

    private static Gen<string> GenBody(string phone)
    {
        object?[] values =
        [
            phone, "13800000001", "000000", "register", "login", "nihao", "111111786", "2577522B", "0000000000", "014441AC53", "01", "0A",
            "201911210000000001", 0.25, 100.25, -1, 0, 1, 100, 101, "NaN", "Infinity", 1e300, true, null, "", "\u0000", new string('9', 40),
        ];
        var names = new[] { "phone", "code", "codeType", "wxname", "cardNo", "deviceNo", "plug", "orderNo", "amount", "dailyLimit", "detail", "pageNum", "pageSize" };
        var value = Gen.Int[0, values.Length - 1].Select(i => values[i]);
        return Gen.Select(value.Array[names.Length], Gen.Bool.Array[names.Length], Gen.Bool, (chosen, present, wrapped) =>
        {
            var fields = names.Zip(chosen, present).Where(f => f.Third).ToDictionary(f => f.First, f => f.Second);
            return JsonSerializer.Serialize<object>(wrapped ? new { body = fields } : fields);
        });
    }
}
