using Flagstone.Catalog.Deployments;
using Flagstone.Catalog.Repositories;

namespace Flagstone.Catalog.Tests.Deployments;

public sealed class DeploymentTextTests
{
    private static readonly RepositoryName App = RepositoryName.TryParse("web", out var name) ? name : default;
    private static readonly CommitId First = Commit('a');
    private static readonly CommitId Second = Commit('b');

    private static readonly string Manifest = $"""
        metadata:
          annotations:
            # What runs.
            flagstone.dev/source: "web@{First}"
        spec: # kept
          image: registry.example.com/web:{First}

        """;

    [Fact]
    public void A_move_changes_the_annotation_and_the_tag_and_nothing_else()
    {
        var moved = DeploymentText.Move(Manifest, App, First, Second, null);
        Assert.Equal(Manifest.Replace(First.Value, Second.Value, StringComparison.Ordinal), moved);
        Assert.Equal(new Deployed(Second, null), DeploymentText.Read(moved, App));
    }

    [Fact]
    public void A_rollback_notes_what_it_turned_away_from_until_the_next_move()
    {
        var back = DeploymentText.Move(Manifest, App, First, Second, First);
        Assert.Equal(new Deployed(Second, First), DeploymentText.Read(back, App));
        Assert.Equal(Manifest, DeploymentText.Move(back, App, Second, First, null));
    }

    [Fact]
    public void What_deploys_another_repository_is_left_alone() =>
        Assert.Null(DeploymentText.Read(Manifest.Replace("web@", "shop@", StringComparison.Ordinal), App));

    private static CommitId Commit(char c) => CommitId.TryParse(new string(c, 40), out var id) ? id : default;
}
