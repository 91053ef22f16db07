using System.Net;
using Charging.Ops.V1;
using Charging.Server.Calls;
using Charging.Server.Operations;
using Charging.Server.Storage;
using Charging.Testing;
using Google.Api;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Charging.Server.Tests.Operations;

/// <summary>Who may do what: every method, every role, over gRPC and over HTTP.</summary>
public sealed class RoleTests
{
    private static readonly Role[] Roles = [Role.Viewer, Role.Operator, Role.Finance, Role.Admin];

    [Fact]
    public void Every_method_says_its_role_and_its_path()
    {
        Assert.True(OpsCalls.All.Count() > 30);
        foreach (var method in OpsCalls.All)
        {
            var role = method.GetOptions()?.GetExtension(AccessExtensions.Role) ?? Role.Unspecified;
            Assert.True(Roles.Contains(role), $"{method.FullName} does not say which role it needs: option (role) of access.proto.");
            var (verb, path) = OpsCalls.Route(method);
            Assert.True(verb.Length > 0 && path.StartsWith(OpsRoutes.Prefix + "/", StringComparison.Ordinal), $"{method.FullName} has no path under {OpsRoutes.Prefix}.");
            Assert.Equal((method.FullName, verb is "POST" or "PATCH"), (method.FullName, OpsCalls.Rule(method).Body == "*"));
            // Who changes nothing is a viewer at least, and a viewer changes nothing.
            Assert.False(Access.Changes(Access.NameOf(method)) && role == Role.Viewer, $"{method.FullName} changes something and is open to viewers.");
        }
        Assert.Equal(OpsCalls.All.Count(), OpsCalls.All.Select(OpsCalls.Route).Distinct().Count());
    }

    [Fact]
    public void A_method_that_nobody_knows_is_for_admins_alone() =>
        Assert.Equal(OperatorRole.Admin, Access.LeastRole("/charging.ops.v1.PileService/Invented"));

    [Fact]
    public async Task Each_role_opens_what_the_protos_say_and_nothing_else()
    {
        await using var app = await ChargingApp.StartAsync();
        foreach (var role in Roles)
        {
            var key = $"Bearer {await app.NewKeyAsync(role)}";
            foreach (var method in OpsCalls.All)
            {
                var may = role >= method.GetOptions().GetExtension(AccessExtensions.Role);
                var overGrpc = await app.CallingWith(key).CallAsync(method);
                var (http, overHttp) = await app.OverHttpAsync(method, key);
                foreach (var answer in new[] { overGrpc, overHttp })
                    Assert.True(may == (answer.Code is not (StatusCode.PermissionDenied or StatusCode.Unauthenticated)), $"{role} at {method.FullName}: {answer}");
                // A backup that was hung up on may still be ending when the next one is asked for.
                if (!OpsCalls.Route(method).Path.Contains('{') && !(method.IsServerStreaming && overHttp.Code == StatusCode.FailedPrecondition))
                    Assert.Equal((method.FullName, overGrpc.Code), (method.FullName, overHttp.Code));
                if (!may)
                    Assert.Equal((HttpStatusCode.Forbidden, "ROLE_TOO_LOW", "ROLE_TOO_LOW"), (http, overGrpc.Reason, overHttp.Reason));
            }
        }
    }

    [Fact]
    public async Task Another_spelling_of_a_path_is_no_method()
    {
        await using var app = await ChargingApp.StartAsync();
        var bytes = Marshallers.Create<byte[]>(it => it, it => it);
        foreach (var method in OpsCalls.All.Concat(Routes.All.Values.Select(route => route.Method)))
        {
            var (service, name) = (method.Service.FullName, method.Name);
            foreach (var (otherService, otherName) in new[] { ($"C{service[1..]}", name), (service.ToUpperInvariant(), name), (service, name.ToLowerInvariant()), (service, name + "/") })
            {
                // A stream is read to its end, whatever the method is: a unary one has a single message.
                var other = new Method<byte[], byte[]>(MethodType.ServerStreaming, otherService, otherName, bytes, bytes);
                using var call = app.Grpc.CreateCallInvoker().AsyncServerStreamingCall(other, null, new CallOptions(deadline: DateTime.UtcNow.AddSeconds(20)), []);
                var refusal = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None));
                Assert.Equal((other.FullName, StatusCode.Unimplemented), (other.FullName, refusal.StatusCode));
            }
        }
    }

    [Fact]
    public async Task A_viewer_changes_nothing()
    {
        await using var app = await ChargingApp.StartAsync();
        var seed = await OpsSeed.MakeAsync(app);
        var key = $"Bearer {await app.NewKeyAsync(Role.Viewer)}";
        var before = await EverythingAsync(app);
        foreach (var method in OpsCalls.All.Where(method => Access.Changes(Access.NameOf(method))))
        {
            var request = seed.Request(method);
            Assert.Equal(StatusCode.PermissionDenied, (await app.CallingWith(key).CallAsync(method, request)).Code);
            Assert.Equal(HttpStatusCode.Forbidden, (await app.OverHttpAsync(method, key, request)).Http);
        }
        Assert.Equal(before, await EverythingAsync(app));
    }

    [Fact]
    public async Task A_riders_token_opens_nothing_of_the_operators()
    {
        await using var app = await ChargingApp.StartAsync();
        var rider = await app.RegisterAsync();
        var key = app.Key();
        string?[] wrong = [null, "", "Bearer", "Bearer ", rider.Token, rider.Token["Bearer ".Length..], key, $"Basic {key}", $"Bearer {key}x", $"Bearer {key.ToUpperInvariant()}"];
        foreach (var method in OpsCalls.All)
        {
            foreach (var authorization in wrong)
            {
                var overGrpc = await app.CallingWith(authorization).CallAsync(method);
                Assert.Equal((method.FullName, authorization, StatusCode.Unauthenticated, "KEY_INVALID"), (method.FullName, authorization, overGrpc.Code, overGrpc.Reason));
                Assert.Contains("CHARGECTL_KEY", overGrpc.Sentence);
                var (http, overHttp) = await app.OverHttpAsync(method, authorization);
                Assert.Equal((method.FullName, authorization, HttpStatusCode.Unauthorized, "KEY_INVALID"), (method.FullName, authorization, http, overHttp.Reason));
            }
        }
    }

    [Fact]
    public async Task Operator_keys_of_all_roles_open_nothing_of_a_rider()
    {
        await using var app = await ChargingApp.StartAsync();
        foreach (var role in Roles)
        {
            var key = await app.NewKeyAsync(role);
            foreach (var route in Routes.All.Values.Where(route => !RouteCodes.WithoutToken.Contains(route.FullName)))
                Assert.Equal((route.Name, 401), (route.Name, (await app.PostAsync(route.Name, null, $"Bearer {key}")).Code));
        }
    }

    [Fact]
    public async Task A_revoked_key_is_dead_at_once_and_stays_so()
    {
        await using var app = await ChargingApp.StartAsync();
        var keys = new KeyService.KeyServiceClient(app.AsOperator());
        var made = await keys.AddKeyAsync(new AddKeyRequest { Name = "night shift", Role = Role.Finance });
        Assert.Matches("^[A-Za-z0-9_-]{43}$", made.Secret);
        var calls = app.CallingWith($"Bearer {made.Secret}");
        var diagnose = SystemService.Descriptor.FindMethodByName("Diagnose");
        Assert.Equal(StatusCode.OK, (await calls.CallAsync(diagnose)).Code);
        Assert.NotNull((await keys.RevokeKeyAsync(new RevokeKeyRequest { KeyId = made.Key.KeyId })).Key.RevokedAt);
        Assert.Equal(StatusCode.Unauthenticated, (await calls.CallAsync(diagnose)).Code);
        await app.RestartAsync();
        Assert.Equal(StatusCode.Unauthenticated, (await app.CallingWith($"Bearer {made.Secret}").CallAsync(diagnose)).Code);

        var listed = (await new KeyService.KeyServiceClient(app.AsOperator()).ListKeysAsync(new ListKeysRequest())).Keys;
        Assert.Equal([("file", Role.Admin, false), (made.Key.KeyId, Role.Finance, true)], listed.Select(key => (key.KeyId, key.Role, key.RevokedAt is not null)));
        Assert.DoesNotContain(app.Log.Records, record => record.Message.Contains(made.Secret));
        var rows = await app.Services.GetRequiredService<IStore>().RunAsync(tx => tx.ListAsync(OperatorKeys.Table.ByKey, KeyRange.Prefix(""), 200));
        Assert.DoesNotContain(rows, row => row.Hash.Contains(made.Secret));
    }

    [Fact]
    public async Task The_key_of_the_file_cannot_be_revoked_by_mistake()
    {
        await using var app = await ChargingApp.StartAsync();
        var keys = new KeyService.KeyServiceClient(app.AsOperator());
        var refusal = await Assert.ThrowsAsync<RpcException>(() => keys.RevokeKeyAsync(new RevokeKeyRequest { KeyId = "file" }).ResponseAsync);
        Assert.Equal(StatusCode.FailedPrecondition, refusal.StatusCode);
        Assert.Single((await keys.ListKeysAsync(new ListKeysRequest())).Keys);
    }

    /// <summary>Everything that the store has, as text.</summary>
    private static Task<string> EverythingAsync(ChargingApp app) => app.Services.GetRequiredService<IStore>().RunAsync(async tx =>
    {
        var text = new System.Text.StringBuilder();
        await AddAsync(Server.Piles.PileTables.Piles);
        await AddAsync(Server.Piles.PileTables.Alarms);
        await AddAsync(Server.Stations.StationTables.Stations);
        await AddAsync(Server.Cards.CardTables.Cards);
        await AddAsync(Server.Accounts.AccountTables.Users);
        await AddAsync(Server.Accounts.AccountTables.Tokens);
        await AddAsync(Server.Orders.OrderTables.Orders);
        await AddAsync(Server.Payments.Ledger.Entries);
        await AddAsync(OperatorKeys.Table);
        await AddAsync(AuditTables.Entries);
        return text.ToString();

        async ValueTask AddAsync<T>(Table<T> table)
            where T : class
        {
            foreach (var row in await tx.ListAsync(table.ByKey, KeyRange.Prefix(""), 200))
                text.AppendLine(System.Text.Json.JsonSerializer.Serialize(row, table.Json));
        }
    });
}
