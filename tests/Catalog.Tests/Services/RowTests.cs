using System.Text.Json.Nodes;
using Flagstone.Catalog.Services;
using Flagstone.Ui.Components;

namespace Flagstone.Catalog.Tests.Services;

/// <summary>What the pages say of Deployments, sources and services.</summary>
public sealed class RowTests
{
    private static readonly string Old = new('a', 40);
    private static readonly string New = new('b', 40);

    [Theory]
    [InlineData("False", "InstallFailed", "Failed", "Running", "Failed")]
    [InlineData("True", "Starting", "Rolling out", "Running", "Starting")]
    public void During_a_rollout_the_commit_that_answers_and_the_one_that_is_wanted_stand_apart(
        string progressing, string reason, string status, string before, string after)
    {
        var row = DeploymentRow.Of(Deployment(progressing, reason, running: Old));

        Assert.Equal((New, Old, true, status), (row.Commit, row.Running, row.IsMoving, row.Status.Word));
        Assert.Equal((before, after), (row.Of(Commit("web", Old))!.Word, row.Of(Commit("web", New))!.Word));
        Assert.Null(row.Of(Commit("web-gitops", New)));
    }

    [Fact]
    public void A_rollout_that_is_through_has_one_commit()
    {
        var row = DeploymentRow.Of(Deployment("True", "NewReplicaSetAvailable", running: New));

        Assert.Equal((false, "Available", "Running"), (row.IsMoving, row.Status.Word, row.Of(Commit("web", New))!.Word));
    }

    [Fact]
    public void A_refused_commit_says_so_with_file_and_line_until_another_is_applied()
    {
        var source = JsonNode.Parse($$"""
            { "metadata": { "name": "web-gitops" }, "spec": { "repository": "web-gitops" },
              "status": { "appliedCommit": "{{Old}}", "refusedCommit": "{{New}}",
                "conditions": [{ "type": "Synced", "status": "False", "reason": "Refused", "message": "manifests/deployment.yaml:18: no",
                  "lastTransitionTime": "2026-11-25T12:00:00Z" }] } }
            """)!.AsObject();

        var row = SourceRow.Of(source);

        Assert.Equal("Commit bbbbbbbb of web-gitops is refused", row.Title);
        Assert.Equal(new Status("Refused", Tone.Bad, "manifests/deployment.yaml:18: no"), row.Of(Commit("web-gitops", New)));
        Assert.Equal("Applied", row.Of(Commit("web-gitops", Old))!.Word);
        Assert.Equal(new DateTimeOffset(2026, 11, 25, 12, 0, 0, TimeSpan.Zero), row.Since);
        source["status"]!["conditions"]![0]!["status"] = "True";
        Assert.Equal("", SourceRow.Of(source).Problem);
    }

    [Theory]
    [InlineData("Degraded", "False", "It ends by itself")]
    [InlineData("Deploying", "True", "It ends by itself")]
    [InlineData("Running", "True", "")]
    public void A_service_that_does_not_just_run_says_why_and_since_when(string phase, string ready, string why)
    {
        var row = ServiceRow.Of(JsonNode.Parse($$"""
            { "metadata": { "name": "web" }, "spec": { "type": "service" },
              "status": { "phase": "{{phase}}", "since": "2026-11-25T12:03:00Z",
                "conditions": [{ "type": "Ready", "status": "{{ready}}", "reason": "R", "message": "It ends by itself", "lastTransitionTime": "2026-11-25T12:00:00Z" }] } }
            """)!.AsObject(), "http://apps");

        Assert.Equal((why, new DateTimeOffset(2026, 11, 25, 12, 3, 0, TimeSpan.Zero)), (row.Status.Detail, row.Since));
    }

    private static CommitRow Commit(string repository, string id) => new(repository, id, "", "", default);

    private static JsonObject Deployment(string progressing, string reason, string running) => JsonNode.Parse($$"""
        { "metadata": { "name": "web", "generation": 2, "annotations": { "flagstone.dev/source": "web@{{New}}" } },
          "status": { "observedGeneration": 2, "readyReplicas": 1, "process": { "commit": "{{running}}" },
            "conditions": [{ "type": "Available", "status": "True" }, { "type": "Progressing", "status": "{{progressing}}", "reason": "{{reason}}", "message": "why" }] } }
        """)!.AsObject();
}
