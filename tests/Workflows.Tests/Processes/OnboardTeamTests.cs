using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Workflows.Tests.People;
using Flagstone.Workflows.Tests.Workers;

namespace Flagstone.Workflows.Tests.Processes;

/// <summary>A team is taken on: two approvals by administrators, and one by its lead.</summary>
public sealed class OnboardTeamTests(HostFixture fixture)
{
    private const string Onboard = "onboard-team";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_team_is_in_the_catalog_once_an_administrator_approves_and_stays_when_its_lead_can_work()
    {
        var (team, lead) = Names();
        var id = await (await AskingAsync()).StartedAsync(Onboard, new JsonObject { ["name"] = team, ["title"] = "Payments", ["lead"] = lead, ["members"] = "ada, bob" });
        var run = await ProcessApi.RunAsync(fixture.Host, $"{Onboard}/{team}", id);
        var (_, administrator) = await Inbox.OfAsync(fixture.Host, "root", "administrator");

        var first = await Inbox.TaskOfAsync(run);
        Assert.Null(await TeamAsync(team));
        Assert.Equal(HttpStatusCode.OK, (await administrator.DecideAsync(first)).Status);
        Assert.Equal(HttpStatusCode.OK, (await administrator.DecideAsync(await Inbox.TaskOfAsync(run, 3))).Status);
        var last = await Inbox.TaskOfAsync(run, 4);
        Assert.Equal(HttpStatusCode.Forbidden, (await administrator.DecideAsync(last)).Status);
        var own = new Inbox(fixture.Host, await FrontendTests.IssueAsync(fixture.Host, lead, "developer"));
        Assert.Equal(HttpStatusCode.OK, (await own.DecideAsync(last, reason: "we can")).Status);

        Assert.Equal("completed", (await new ProcessApi(fixture.Host).EndedAsync(id))["state"]!.ToString());
        Assert.Equal([lead, "ada", "bob"], (await TeamAsync(team))!["spec"]!["members"]!.AsArray().Select(m => m!.ToString()));
        await run.ReplayedAsync();
    }

    [Fact]
    public async Task A_team_whose_lead_refuses_is_taken_out_again()
    {
        var (team, lead) = Names();
        var id = await (await AskingAsync()).StartedAsync(Onboard, new JsonObject { ["name"] = team, ["lead"] = lead });
        var run = await ProcessApi.RunAsync(fixture.Host, $"{Onboard}/{team}", id);
        var (_, administrator) = await Inbox.OfAsync(fixture.Host, "root", "administrator");
        await administrator.DecideAsync(await Inbox.TaskOfAsync(run));
        await administrator.DecideAsync(await Inbox.TaskOfAsync(run, 3));
        var own = new Inbox(fixture.Host, await FrontendTests.IssueAsync(fixture.Host, lead, "developer"));
        await own.DecideAsync(await Inbox.TaskOfAsync(run, 4), "reject", "wrong team");

        Assert.Equal("refused", (await new ProcessApi(fixture.Host).EndedAsync(id))["state"]!.ToString());
        Assert.Null(await TeamAsync(team));
        await run.ReplayedAsync();
    }

    [Theory]
    [InlineData("""{"name":"Pay ments","lead":"ada"}""", HttpStatusCode.UnprocessableEntity, "input.name: 'Pay ments' is no name of a team")]
    [InlineData("""{"name":"payments-x","lead":"a:da"}""", HttpStatusCode.UnprocessableEntity, "input.lead: 'a:da' is no name of a token")]
    [InlineData("""{"name":"payments-x","lead":"ada","members":"bob, c/d"}""", HttpStatusCode.UnprocessableEntity, "input.members: 'c/d' is no name of a token")]
    public async Task A_team_that_cannot_be_is_not_asked_for(string input, HttpStatusCode status, string why)
    {
        var (answered, problem) = await (await AskingAsync()).StartAsync(Onboard, JsonNode.Parse(input)!.AsObject());

        Assert.Equal(status, answered);
        Assert.Contains(why, problem["detail"]!.ToString(), StringComparison.Ordinal);
    }

    private static (string Team, string Lead) Names() => ($"team-{Guid.NewGuid():N}"[..20], $"lea-{Guid.NewGuid():N}");

    private async Task<ProcessApi> AskingAsync() => new(fixture.Host, await FrontendTests.IssueAsync(fixture.Host, $"carl-{Guid.NewGuid():N}", "developer"));

    private async Task<JsonObject?> TeamAsync(string team)
    {
        using var kubernetes = fixture.Host.KubernetesClient();
        using var answer = await kubernetes.GetAsync(new Uri($"/apis/backstage.io/v1alpha1/namespaces/default/groups/{team}", UriKind.Relative), Ct);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync<JsonObject>(Ct) : null;
    }
}
