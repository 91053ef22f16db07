using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Charging.Server.Accounts;
using Charging.Server.ApiDocs;
using Charging.Server.Calls;
using Charging.Server.Cards;
using Charging.Server.Tests.Documents;
using Charging.Testing;
using Google.Api;
using Google.Protobuf.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.ApiDocs;

/// <summary>The API as it is described at `/openapi/v1.json` and `/docs`.</summary>
public sealed class OpenApiTests
{
    [Fact]
    public async Task A_validator_of_others_takes_the_document()
    {
        await using var app = await ChargingApp.StartAsync();
        var start = new ProcessStartInfo("node", [Path.Combine(Repository.Root, "tests/clients/openapi-check/check.js")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        using var check = Process.Start(start)!;
        await check.StandardInput.WriteAsync(await app.Http.GetStringAsync("/openapi/v1.json"));
        check.StandardInput.Close();
        var said = await check.StandardOutput.ReadToEndAsync(deadline.Token) + await check.StandardError.ReadToEndAsync(deadline.Token);
        await check.WaitForExitAsync(deadline.Token);

        Assert.StartsWith("OpenAPI 3.1.0:", said);
        Assert.Equal(0, check.ExitCode);
    }

    [Fact]
    public async Task Every_route_is_there_with_its_comment_its_codes_and_its_token()
    {
        await using var app = await ChargingApp.StartAsync();
        var paths = (await DocumentAsync(app))["paths"]!.AsObject();

        Assert.All(Routes.All.Values, route =>
        {
            var operation = paths[Routes.Prefix + route.Name]!["post"]!;
            var answer = operation["responses"]!["200"]!["content"]!["application/json"]!;
            var codes = answer["schema"]!["allOf"]![1]!["properties"]!["code"]!["enum"]!.AsArray().Select(code => code!.GetValue<int>()).ToList();
            var needsToken = !RouteCodes.WithoutToken.Contains(route.FullName);

            Assert.NotEqual("", operation["summary"]!.GetValue<string>());
            Assert.NotEqual("", operation["description"]!.GetValue<string>().Split("\n\n")[0]);
            Assert.All(RouteCodes.Own[route.FullName], code => Assert.Contains(code, codes));
            Assert.All(codes, code => Assert.NotNull(answer["examples"]![$"{code}"]));
            Assert.Equal(needsToken ? 1 : 0, operation["security"]!.AsArray().Count);
            Assert.Equal(needsToken, codes.Contains(401));
        });
        Assert.All(paths, path => Assert.All(path.Value!.AsObject(), o => Assert.Equal(!OpenApiAnswers.IsEnveloped(Named(path.Key)), o.Value!["responses"]!.AsObject().ContainsKey("default"))));
    }

    [Fact]
    public async Task The_routes_can_be_called_as_their_examples_say_and_answer_as_their_schemas_say()
    {
        await using var app = await ChargingApp.StartAsync();
        await app.AddPileAsync(deviceNo: "014441AC53");
        await app.Services.GetRequiredService<Server.Cards.Cards>().IssueAsync([CardNo.Parse("111111786")]);
        var document = await DocumentAsync(app);
        var (phone, code, orderNo, token) = (ChargingApp.NewPhone(), "", "", "");
        var called = new HashSet<string>();

        await CallAsync("sendValidateCode", "login\"", "register\"");
        code = app.CodeFor(phone);
        token = (await CallAsync("register"))["data"]!.GetValue<string>();
        await CallAsync("getPileStatus");
        orderNo = (await CallAsync("getOrderNo"))["data"]!.GetValue<string>();
        await CallAsync("prepay");
        await CallAsync("mobilePaymentCharging");
        await CallAsync("getChargingDetail");
        await CallAsync("stopCharging");
        await CallAsync("getOrderRecord");
        orderNo = (await CallAsync("getBalanceOrderNo"))["data"]!.GetValue<string>();
        await CallAsync("addBalance");
        await CallAsync("getBalance");
        orderNo = (await CallAsync("getOrderNo", "\"02\"", "\"03\""))["data"]!.GetValue<string>();
        await CallAsync("payWithBalance", "\"02\"", "\"03\"");
        await CallAsync("bindCard");
        await CallAsync("setCardLimit");
        await CallAsync("getCardno");
        await CallAsync("unbindCard");
        await CallAsync("logout");
        await CallAsync("sendValidateCode");
        code = app.CodeFor(phone);
        token = (await CallAsync("login"))["data"]!.GetValue<string>();
        Assert.Equal(Routes.All.Keys.Order(), called.Order());

        async Task<JsonObject> CallAsync(string route, string from = "\0", string to = "")
        {
            called.Add(route);
            var operation = document["paths"]![Routes.Prefix + route]!["post"]!;
            var example = operation["requestBody"]!["content"]!["application/json"]!["example"]!.ToJsonString()
                .Replace("13800138000", phone).Replace("123456", code).Replace("201912040000000352", orderNo).Replace(from, to);
            var answer = JsonNode.Parse((await app.PostAsync(route, example, token)).Text)!.AsObject();
            Assert.True(answer["code"]!.GetValue<int>() == 200, $"{route} with {example}: {answer.ToJsonString()}");
            JsonSchema.Check(document, operation["responses"]!["200"]!["content"]!["application/json"]!["schema"]!, answer, route);
            return answer;
        }
    }

    [Fact]
    public async Task A_browser_shows_the_page_under_a_policy_without_scripts()
    {
        await using var app = await ChargingApp.StartAsync();
        var page = await app.Http.GetAsync("/docs");
        var html = await page.Content.ReadAsStringAsync();

        Assert.Equal("text/html", page.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith("default-src 'none'; style-src 'self';", page.Headers.GetValues("Content-Security-Policy").Single());
        Assert.All(Routes.All.Keys, route => Assert.Contains($"<code>{Routes.Prefix}{route}</code>", html));
        Assert.Contains("插头被占用", WebUtility.HtmlDecode(html));
        Assert.DoesNotContain("<script", html);
        Assert.DoesNotContain("style=", html);
        Assert.DoesNotContain("src=\"http", html);
        Assert.Equal("text/css", (await app.Http.GetAsync("/docs/style.css")).Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task A_setting_takes_the_pages_away()
    {
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Settings = ["--Charging:ApiDocs:Enabled=false"] });
        foreach (var path in new[] { "/docs", "/openapi/v1.json" })
            Assert.Equal(HttpStatusCode.NotFound, (await app.Http.GetAsync(path)).StatusCode);
    }

    [Fact]
    public void Fields_of_a_request_are_described_where_they_stand_in_path_query_or_body()
    {
        var document = new OpenApiDocument(longsAreStrings: false).Make(ApiContract.OperationsOf(Example()));
        var get = document["paths"]!["/ops/v1/things/{deviceNo}"]!["get"]!;
        var post = document["paths"]!["/ops/v1/things/{deviceNo}:stop"]!["post"]!;

        Assert.Equal(
            ["deviceNo path true", "pageSize query false", "states query false"],
            get["parameters"]!.AsArray().Select(p => $"{p!["name"]} {p["in"]} {p["required"]}"));
        Assert.Equal("array", get["parameters"]![2]!["schema"]!["type"]!.GetValue<string>());
        Assert.False(get.AsObject().ContainsKey("requestBody"));
        Assert.Equal(["deviceNo"], post["parameters"]!.AsArray().Select(p => p!["name"]!.GetValue<string>()));
        Assert.Equal(["pageSize", "states"], post["requestBody"]!["content"]!["application/json"]!["schema"]!["properties"]!.AsObject().Select(p => p.Key));
        Assert.Equal("operatorKey", post["security"]![0]!.AsObject().Single().Key);
        Assert.True(post["responses"]!.AsObject().ContainsKey("default"));
    }

    private static FileDescriptorSet Example()
    {
        var request = new DescriptorProto { Name = "Request" };
        request.Field.Add(new FieldDescriptorProto { Name = "device_no", JsonName = "deviceNo", Number = 1, Type = FieldDescriptorProto.Types.Type.String, Label = FieldDescriptorProto.Types.Label.Optional });
        request.Field.Add(new FieldDescriptorProto { Name = "page_size", JsonName = "pageSize", Number = 2, Type = FieldDescriptorProto.Types.Type.Int32, Label = FieldDescriptorProto.Types.Label.Optional });
        request.Field.Add(new FieldDescriptorProto { Name = "states", JsonName = "states", Number = 3, Type = FieldDescriptorProto.Types.Type.String, Label = FieldDescriptorProto.Types.Label.Repeated });
        var file = new FileDescriptorProto { Name = "example.proto", Package = "charging.ops.v1", Syntax = "proto3", MessageType = { request, new DescriptorProto { Name = "Response" } } };
        var service = new ServiceDescriptorProto { Name = "ExampleService" };
        service.Method.Add(Method("Show", new HttpRule { Get = "/ops/v1/things/{device_no}" }));
        service.Method.Add(Method("Stop", new HttpRule { Post = "/ops/v1/things/{device_no=*}:stop", Body = "*" }));
        file.Service.Add(service);
        return new FileDescriptorSet { File = { file } };
    }

    private static MethodDescriptorProto Method(string name, HttpRule rule)
    {
        var options = new MethodOptions();
        options.SetExtension(AnnotationsExtensions.Http, rule);
        return new MethodDescriptorProto { Name = name, InputType = ".charging.ops.v1.Request", OutputType = ".charging.ops.v1.Response", Options = options };
    }

    private static ApiOperation Named(string path) => ApiContract.Read().First(operation => operation.Path == path);

    private static async Task<JsonObject> DocumentAsync(ChargingApp app) =>
        JsonNode.Parse(await app.Http.GetStringAsync("/openapi/v1.json"))!.AsObject();
}
