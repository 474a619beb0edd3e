using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Flagstone.Workflows.Tests.People;
using Flagstone.Workflows.Tests.Workers;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Processes;

/// <summary>The retirement of a service, as people ask for it, decide it and take it back. It runs on the platform's own worker.</summary>
public sealed class RetireServiceTests(HostFixture fixture)
{
    private const string Retire = "retire-service";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_service_goes_once_its_owner_and_an_administrator_have_said_so()
    {
        var (ada, owner) = await Inbox.OfAsync(fixture.Host, "ada", "developer");
        var (carl, asking) = await AskingAsync(fixture.Host, "carl");
        var (root, administrator) = await Inbox.OfAsync(fixture.Host, "root", "administrator");
        using var service = await ServiceToRetire.CreateAsync(fixture.Host, ada);
        await service.ReleaseAsync();
        var id = await asking.StartedAsync(Retire, new JsonObject { ["service"] = service.Name, ["days"] = 0 });
        var run = await ProcessApi.RunAsync(fixture.Host, $"{Retire}/default/{service.Name}", id);

        var first = await Inbox.TaskOfAsync(run);
        Assert.Equal(HttpStatusCode.Forbidden, (await new Inbox(fixture.Host).DecideAsync(first)).Status);
        Assert.Equal(HttpStatusCode.OK, (await owner.DecideAsync(first, reason: "nobody uses it")).Status);
        Assert.Equal(HttpStatusCode.OK, (await administrator.DecideAsync(await Inbox.TaskOfAsync(run, 2), reason: "kept a copy")).Status);
        var ended = await asking.EndedAsync(id);

        Assert.Equal(("completed", "All of it is done"), (ended["state"]!.ToString(), ended["stage"]!.ToString()));
        Assert.False(await service.HasNamespaceAsync());
        Assert.False(await service.HasEntityAsync());
        var history = await run.ReplayedAsync();
        Assert.Equal(carl, history.Events.First().Principal.Name);
        Assert.Equal(
            [$"Retire service {service.Name}: asked by {carl} (it is time), approved by {ada} (nobody uses it), approved by {root} (kept a copy)"],
            await ReasonsAsync(service));
    }

    [Fact]
    public async Task Who_asked_for_it_or_approved_before_does_not_approve()
    {
        var name = $"ann-{Guid.NewGuid():N}";
        var token = await FrontendTests.IssueAsync(fixture.Host, name, "administrator");
        var (ada, owner) = await Inbox.OfAsync(fixture.Host, "ada", "administrator");
        using var service = await ServiceToRetire.CreateAsync(fixture.Host, name, ada);
        var id = await new ProcessApi(fixture.Host, token).StartedAsync(Retire, new JsonObject { ["service"] = $"default/{service.Name}" });
        var run = await ProcessApi.RunAsync(fixture.Host, $"{Retire}/default/{service.Name}", id);

        // She owns it and administrates: still it takes another person.
        var task = await Inbox.TaskOfAsync(run);
        Assert.StartsWith(
            $"role:administrator, team:default/team-{service.Name} decide human task '{task}', until ",
            (await new ProcessApi(fixture.Host).GetAsync(id))["waits"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await new Inbox(fixture.Host, token).DecideAsync(task)).Status);
        Assert.Equal(HttpStatusCode.OK, (await owner.DecideAsync(task, "reject", "we need it")).Status);

        var ended = await new ProcessApi(fixture.Host).EndedAsync(id);
        Assert.Equal(("refused", $"{ada} refused it: we need it"), (ended["state"]!.ToString(), ended["stage"]!.ToString()));
        Assert.True(await service.HasNamespaceAsync());
        Assert.True(await service.HasEntityAsync());
    }

    [Fact]
    public async Task While_it_waits_it_can_be_taken_back_by_who_asked_and_nothing_has_gone()
    {
        var (ada, asking) = await AskingAsync(fixture.Host, "ada");
        var (_, other) = await AskingAsync(fixture.Host, "bob");
        using var service = await ServiceToRetire.CreateAsync(fixture.Host, ada);
        var id = await asking.StartedAsync(Retire, new JsonObject { ["service"] = service.Name, ["days"] = 3 });
        var run = await ProcessApi.RunAsync(fixture.Host, $"{Retire}/default/{service.Name}", id);
        Assert.Equal(HttpStatusCode.OK, (await new Inbox(fixture.Host).DecideAsync(await Inbox.TaskOfAsync(run))).Status);
        var waiting = await asking.UntilAsync(id, p => p["stage"]!.ToString() == "It is approved, and waits for 3 days: until then it can be taken back");
        Assert.Matches("^It goes on at [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} UTC\\.$", waiting["waits"]!.ToString());
        Assert.Contains(id, await asking.ListAsync("state=open"));
        Assert.DoesNotContain(id, await asking.ListAsync("state=closed"));

        var (again, problem) = await other.StartAsync(Retire, new JsonObject { ["service"] = service.Name });
        Assert.Equal(HttpStatusCode.Conflict, again);
        Assert.Equal(
            $"'Retire a service' is under way for default/{service.Name} already, asked for by {ada}: process '{id}'. Wait for its end, or take it back.",
            problem["detail"]!.ToString());
        Assert.Equal(HttpStatusCode.Forbidden, (await other.CancelAsync(id)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await asking.CancelAsync(id, " ")).Status);
        Assert.Equal(HttpStatusCode.Accepted, (await asking.CancelAsync(id)).Status);

        var ended = await asking.EndedAsync(id);
        Assert.Equal(("cancelled", "It was taken back"), (ended["state"]!.ToString(), ended["stage"]!.ToString()));
        Assert.True(await service.HasNamespaceAsync());
        Assert.Equal(HttpStatusCode.Conflict, (await asking.CancelAsync(id)).Status);
        Assert.Contains(id, await asking.ListAsync("state=closed"));
        await run.ReplayedAsync();
    }

    [Fact]
    public async Task The_same_idempotency_key_asks_once()
    {
        var (ada, asking) = await AskingAsync(fixture.Host, "ada");
        using var service = await ServiceToRetire.CreateAsync(fixture.Host, ada);
        var input = new JsonObject { ["service"] = service.Name };

        var (first, made) = await asking.StartAsync(Retire, input, key: "once");
        var (second, same) = await asking.StartAsync(Retire, new JsonObject { ["service"] = service.Name }, key: "once");

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted), (first, second));
        Assert.Equal(made["id"]!.ToString(), same["id"]!.ToString());
    }

    [Theory]
    [InlineData(Retire, """{"service":"nobody-has-it"}""", "why", HttpStatusCode.NotFound, "nobody-has-it")]
    [InlineData(Retire, """{"service":"a/b/c"}""", "why", HttpStatusCode.UnprocessableEntity, "input.service: Name the service as the catalog does")]
    [InlineData(Retire, """{"service":"x","days":91}""", "why", HttpStatusCode.UnprocessableEntity, "input.days: Give a whole number from 0 to 90")]
    [InlineData(Retire, """{"service":"x","dayz":0}""", "why", HttpStatusCode.UnprocessableEntity, "input.dayz: It is not known. Use: service, days.")]
    [InlineData(Retire, """{"service":"x"}""", "", HttpStatusCode.BadRequest, "The reason is not set.")]
    [InlineData("retire-everything", "{}", "why", HttpStatusCode.BadRequest, "There is no kind of process 'retire-everything'. Use one of:")]
    public async Task What_cannot_be_asked_for_says_why(string process, string input, string reason, HttpStatusCode status, string why)
    {
        var (answered, problem) = await new ProcessApi(fixture.Host).StartAsync(process, JsonNode.Parse(input)!.AsObject(), reason);

        Assert.Equal(status, answered);
        Assert.Contains(why, problem["detail"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_may_not_delete_the_service_may_not_ask_for_its_retirement()
    {
        using var service = await ServiceToRetire.CreateAsync(fixture.Host);
        var viewer = new ProcessApi(fixture.Host, await FrontendTests.IssueAsync(fixture.Host, $"vera-{Guid.NewGuid():N}", "viewer"));

        var (status, problem) = await viewer.StartAsync(Retire, new JsonObject { ["service"] = service.Name });

        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains("role viewer only reads", problem["detail"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_administrators_change_what_runs_in_the_platforms_own_namespace()
    {
        var client = await fixture.ConnectAsync(await FrontendTests.IssueAsync(fixture.Host, $"dora-{Guid.NewGuid():N}", "developer"));
        var options = (TemporalClientOptions)client.Options.Clone();
        options.Namespace = "flagstone";
        var own = new TemporalClient(client.Connection, options);

        var refused = await Assert.ThrowsAsync<RpcException>(() => own.StartWorkflowAsync("PlatformProcess", [], new("mine", "flagstone-processes")));
        var polled = await Assert.ThrowsAsync<RpcException>(() => client.Connection.WorkflowService.PollActivityTaskQueueAsync(
            new() { Namespace = "flagstone", TaskQueue = new() { Name = "flagstone-processes" }, Identity = "mine" }));

        Assert.Equal((RpcException.StatusCode.PermissionDenied, RpcException.StatusCode.PermissionDenied), (refused.Code, polled.Code));
        Assert.Contains("namespace flagstone has the platform's own processes", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_goes_on_where_it_was_when_the_platform_is_killed()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        var (ada, asking) = await AskingAsync(host, "ada");
        using var service = await ServiceToRetire.CreateAsync(host, ada);
        var id = await asking.StartedAsync(Retire, new JsonObject { ["service"] = service.Name, ["days"] = 0 });
        var task = await Inbox.TaskOfAsync(await ProcessApi.RunAsync(host, $"{Retire}/default/{service.Name}", id));
        await host.KillAsync();
        await host.StartAgainAsync(Ct);
        Assert.Equal(HttpStatusCode.OK, (await new Inbox(host).DecideAsync(task)).Status);
        var waiting = await asking.UntilAsync(id, p => p["waits"]?.ToString().StartsWith("Namespace", StringComparison.Ordinal) == true);
        Assert.Equal($"Namespace {service.Name} is on its way out.", waiting["waits"]!.ToString());
        var (late, why) = await asking.CancelAsync(id);
        Assert.Equal(HttpStatusCode.Conflict, late);
        Assert.Contains("cannot be taken back any more", why["detail"]!.ToString(), StringComparison.Ordinal);
        await host.KillAsync();
        await host.StartAgainAsync(Ct);
        Assert.True(await service.HasEntityAsync());
        await service.ReleaseAsync();

        Assert.Equal("completed", (await asking.EndedAsync(id))["state"]!.ToString());
        Assert.False(await service.HasNamespaceAsync());
        Assert.False(await service.HasEntityAsync());
        await (await ProcessApi.RunAsync(host, $"{Retire}/default/{service.Name}", id)).ReplayedAsync();
    }

    private static async Task<(string Name, ProcessApi Api)> AskingAsync(RunningHost host, string name)
    {
        name = $"{name}-{Guid.NewGuid():N}";
        return (name, new ProcessApi(host, await FrontendTests.IssueAsync(host, name, "developer")));
    }

    /// <summary>Why the service's namespace was deleted, as the ledger has it.</summary>
    private async Task<IReadOnlyList<string>> ReasonsAsync(ServiceToRetire service)
    {
        using var client = fixture.Host.Client();
        var page = await client.GetFromJsonAsync<JsonObject>($"/api/v1/history/namespaces/{service.Name}", Ct);
        return [.. page!["items"]!.AsArray().Select(r => r!["reason"]?.ToString() ?? "").Where(r => r.Contains("asked by", StringComparison.Ordinal)).Distinct()];
    }
}
