using Charging.Ops.V1;
using Charging.Server.Operations;
using Charging.Testing;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Charging.Server.Tests.Operations;

/// <summary>The audit log: whoever changes something is in it.</summary>
public sealed class AuditTests
{
    [Fact]
    public async Task Every_method_that_changes_something_writes_one_entry()
    {
        await using var app = await ChargingApp.StartAsync();
        var seed = await OpsSeed.MakeAsync(app);
        var admin = app.CallingWith($"Bearer {await app.NewKeyAsync(Role.Admin, "walker")}");
        var audit = new AuditService.AuditServiceClient(app.AsOperator());
        var seen = 0L;
        foreach (var method in OpsCalls.All.Where(method => Access.Changes(Access.NameOf(method))))
        {
            var answer = await admin.CallAsync(method, seed.Request(method));
            // The sandbox has no bill, which is known only after it was asked.
            var expected = method.Name == "Reconcile" ? StatusCode.FailedPrecondition : StatusCode.OK;
            Assert.True(expected == answer.Code, $"{method.FullName}: {answer}");
            var entry = (await audit.ListAuditAsync(new ListAuditRequest { PageSize = 1 })).Entries.Single();
            Assert.True(entry.Number > seen, $"{method.FullName} is not in the audit log.");
            Assert.Equal(("walker", Role.Admin, $"{method.Service.Name}/{method.Name}"), (entry.KeyName, entry.Role, entry.Method));
            Assert.Matches("^[a-z]+:.+", entry.Subject);
            Assert.NotEmpty(entry.Outcome);
            seen = entry.Number;
        }
    }

    [Fact]
    public async Task One_key_makes_so_many_changes_in_an_hour()
    {
        var clock = new FakeTimeProvider(Stand.Beginning);
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock, Settings = ["--Charging:Operations:MaxChangesPerHour=10"] });
        var greedy = new CardService.CardServiceClient(await app.AsAsync(Role.Operator));
        var another = new CardService.CardServiceClient(await app.AsAsync(Role.Finance));
        await IssueAsync(greedy, 1, 9);

        var refusal = await Assert.ThrowsAsync<RpcException>(() => IssueAsync(greedy, 11, 2));
        Assert.Equal(StatusCode.ResourceExhausted, refusal.StatusCode);
        Assert.Equal("TOO_MANY_CHANGES", OpsCalls.ReasonOf(Google.Rpc.Status.Parser.ParseFrom(refusal.Trailers.GetValueBytes("grpc-status-details-bin"))));
        await IssueAsync(greedy, 11, 1);
        await Assert.ThrowsAsync<RpcException>(() => IssueAsync(greedy, 12, 1));
        Assert.Equal(10, (await greedy.ListCardsAsync(new ListCardsRequest())).Cards.Count);
        await IssueAsync(another, 12, 1);
        Assert.Equal(3, (await new AuditService.AuditServiceClient(app.AsOperator()).ListAuditAsync(new ListAuditRequest())).Entries.Count(entry => entry.Method == "CardService/IssueCards"));

        clock.Advance(TimeSpan.FromHours(1));
        await IssueAsync(greedy, 13, 10);

        static async Task IssueAsync(CardService.CardServiceClient cards, int first, int count) =>
            await cards.IssueCardsAsync(new IssueCardsRequest { CardNos = { Enumerable.Range(first, count).Select(number => $"{number:D9}") } });
    }

    [Fact]
    public async Task Reads_of_very_much_are_in_the_log_once_a_minute_for_each_key()
    {
        var clock = new FakeTimeProvider(Stand.Beginning);
        await using var app = await ChargingApp.StartAsync(new ChargingAppOptions { Clock = clock });
        var audit = new AuditService.AuditServiceClient(app.AsOperator());
        var reads = OpsCalls.All.Where(method => Access.BulkRead(Access.NameOf(method)) is not null).OrderBy(method => method.Name).ToList();
        Assert.Equal(["Backup", "ExportMqtt", "ListCards", "ListUsers"], reads.Select(method => method.Name));

        await ReadAsync(app.AsOperator());
        await ReadAsync(app.AsOperator());
        var entries = (await audit.ListAuditAsync(new ListAuditRequest { KeyId = OperatorKeyFile.Id })).Entries;
        Assert.Equal(
            ["CardService/ListCards card:all", "SystemService/Backup store:backup", "SystemService/ExportMqtt pile:secrets", "UserService/ListUsers user:all"],
            entries.Select(entry => $"{entry.Method} {entry.Subject}").Order());
        Assert.All(entries, entry => Assert.Equal("Read.", entry.Outcome));

        await ReadAsync(app.CallingWith($"Bearer {await app.NewKeyAsync(Role.Admin, "another")}"));
        Assert.Equal(4, (await audit.ListAuditAsync(new ListAuditRequest())).Entries.Count(entry => entry.KeyName == "another"));

        clock.Advance(TimeSpan.FromMinutes(1));
        await ReadAsync(app.AsOperator());
        Assert.Equal(8, (await audit.ListAuditAsync(new ListAuditRequest { KeyId = OperatorKeyFile.Id })).Entries.Count(entry => entry.Outcome == "Read."));

        async Task ReadAsync(CallInvoker calls)
        {
            foreach (var method in reads)
                Assert.Equal((method.Name, StatusCode.OK), (method.Name, (await calls.CallAsync(method)).Code));
        }
    }

    [Fact]
    public async Task What_is_refused_changes_nothing_and_is_not_in_the_log()
    {
        await using var app = await ChargingApp.StartAsync();
        var users = new UserService.UserServiceClient(app.AsOperator());
        var rider = await app.RegisterAsync();
        var id = (await users.GetUserAsync(new GetUserRequest { Phone = rider.Phone })).User.UserId;
        await Assert.ThrowsAsync<RpcException>(() => users.AdjustUserBalanceAsync(new AdjustUserBalanceRequest { UserId = id, AmountFen = -1, Reason = "none" }).ResponseAsync);
        await Assert.ThrowsAsync<RpcException>(() => users.AdjustUserBalanceAsync(new AdjustUserBalanceRequest { UserId = id, AmountFen = 1 }).ResponseAsync);
        Assert.Empty((await new AuditService.AuditServiceClient(app.AsOperator()).ListAuditAsync(new ListAuditRequest())).Entries);
    }

    [Fact]
    public async Task Reasons_are_asked_for_where_money_moves_somebody_is_blocked_or_a_charge_ends()
    {
        await using var app = await ChargingApp.StartAsync();
        var seed = await OpsSeed.MakeAsync(app);
        string[] needed = ["AdjustUserBalance", "RefundOrder", "ForceEndOrder", "BlockUser", "BlockCard", "RetirePile", "ResolveOrder", "ClearAlarm"];
        foreach (var name in needed)
        {
            var method = OpsCalls.All.Single(method => method.Name == name);
            var request = seed.Request(method);
            foreach (var reason in new[] { "", "  ", new string('x', 201), "a\nb" })
            {
                method.InputType.FindFieldByName("reason").Accessor.SetValue(request, reason);
                var answer = await app.AsOperator().CallAsync(method, request);
                Assert.Equal((name, StatusCode.InvalidArgument), (name, answer.Code));
            }
        }
    }

    [Fact]
    public async Task The_log_is_searched_by_key_subject_method_and_time_in_pages()
    {
        await using var app = await ChargingApp.StartAsync();
        var audit = new AuditService.AuditServiceClient(app.AsOperator());
        var cards = new CardService.CardServiceClient(await app.AsAsync(Role.Operator));
        for (var number = 300_000_000; number < 300_000_007; number++)
            await cards.IssueCardsAsync(new IssueCardsRequest { CardNos = { $"{number}" }, Reason = $"batch {number}" });

        var all = (await audit.ListAuditAsync(new ListAuditRequest())).Entries;
        Assert.Equal(8, all.Count);
        Assert.Equal("KeyService/AddKey", all[^1].Method);
        var issued = new ListAuditRequest { KeyId = all[0].KeyId, PageSize = 3 };
        var first = await audit.ListAuditAsync(issued);
        issued.PageToken = first.NextPageToken;
        var second = await audit.ListAuditAsync(issued);
        Assert.Equal(["batch 300000006", "batch 300000005", "batch 300000004", "batch 300000003", "batch 300000002", "batch 300000001"], first.Entries.Concat(second.Entries).Select(entry => entry.Reason));
        Assert.Equal("1 of 1 issued.", (await audit.ListAuditAsync(new ListAuditRequest { Subject = "card:300000002" })).Entries.Single().Outcome);
        Assert.Equal(7, (await audit.ListAuditAsync(new ListAuditRequest { Method = "CardService/IssueCards" })).Entries.Count);
        Assert.Equal(8, (await audit.ListAuditAsync(new ListAuditRequest { From = all[^1].At })).Entries.Count);
        Assert.Empty((await audit.ListAuditAsync(new ListAuditRequest { To = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch) })).Entries);
    }
}
