using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Catalog.Sources;
using Flagstone.Catalog.Tests.MainPath;
using Flagstone.Catalog.Tests.Repositories;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Catalog.Tests.Sources;

/// <summary>What a source does about changes of its objects that are not its own, with the real kernel and Git.</summary>
public sealed class DriftTests : IAsyncLifetime
{
    private const string Source = "gitsources.flagstone.dev//web-gitops";
    private const string Deployment = "deployments.apps/web/web";
    private const string Claim = "postgresqlinstances.platform.example.com/web/web-db";
    private const string Dashboard = "configmaps/web/web-dashboard";

    private readonly TemporaryFolder folder = new();
    private readonly ShiftedClock clock = new();
    private PlatformHost platform = null!;
    private string commit = "";
    private string developer = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        platform = await PlatformHost.StartAsync(folder.At("data"), clock);
        developer = await platform.TokenAsync("zoe", Role.Developer);
        await platform.UntilAsync("templates.scaffolder.backstage.io/default/nodejs-postgresql", "stored", _ => true);
        using var client = platform.Client(developer);
        (await client.PostAsJsonAsync("/api/v1/templates/nodejs-postgresql/runs", new JsonObject
        {
            ["values"] = new JsonObject { ["name"] = "web", ["owner"] = "group:default/shop", ["storageGB"] = 20, ["environment"] = "dev" },
        }, Token)).EnsureSuccessStatusCode();
        commit = (await platform.UntilAsync(Source, "applied", s => s.IsTrue("Synced")))["status"].Text("appliedCommit");
    }

    public async ValueTask DisposeAsync()
    {
        await platform.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task A_hand_edit_is_brought_back_and_what_the_manifest_does_not_name_stays()
    {
        await EditAsync(Deployment, d =>
        {
            d["spec"]!["replicas"] = 5;
            d["spec"]!["paused"] = true;
            d.Metadata()["labels"]!["note"] = "mine";
        });

        var back = await platform.UntilAsync(Deployment, "brought back", d => d.At("spec", "replicas")!.ToString() == "1");

        Assert.Equal(("mine", "true"), (back.Label("note"), back.At("spec", "paused")!.ToString()));
        var row = (await HistoryAsync(Deployment))[0];
        Assert.Equal(("apply", $"git:web-gitops@{commit}", "reverted drift"), (row.Verb, row.Origin, row.Reason));
    }

    [Fact]
    public async Task A_deleted_object_comes_back()
    {
        var uid = (await platform.FindAsync(Dashboard))!.UidOf();
        Assert.True(Key(Dashboard, out var kind, out var key));

        Assert.IsType<Written>(await Gateway.DeleteAsync(Hand, kind, key, new DeleteOptions(), new WriteOptions(), Token));

        var back = await platform.UntilAsync(Dashboard, "back", d => d.UidOf() != uid);
        Assert.NotEmpty(back["data"]!.AsObject());
        Assert.Equal("reverted drift", (await HistoryAsync(Dashboard))[0].Reason);
    }

    [Fact]
    public async Task Objects_that_were_changed_together_come_back_in_one_unit()
    {
        var (first, second) = (await PrepareAsync(Deployment, d => d["spec"]!["replicas"] = 5), await PrepareAsync(Dashboard, d => d["data"] = new JsonObject()));
        var options = new WriteOptions();
        Assert.IsType<Committed>(await platform.Services.GetRequiredService<LedgerWriter>().CommitAsync(
            ResourceGateway.UnitOf(Hand, [first, second], options, clock.GetUtcNow()), Token));

        await platform.UntilAsync(Deployment, "brought back", d => d.At("spec", "replicas")!.ToString() == "1");

        var (deployment, dashboard) = ((await HistoryAsync(Deployment))[0], (await HistoryAsync(Dashboard))[0]);
        Assert.Equal(("reverted drift", "reverted drift"), (deployment.Reason, dashboard.Reason));
        Assert.Equal((deployment.At, 1), (dashboard.At, Math.Abs(dashboard.Sequence - deployment.Sequence)));
    }

    [Fact]
    public async Task A_change_of_the_status_is_no_drift()
    {
        var before = await HistoryAsync(Deployment);
        Assert.True(Key(Deployment, out var kind, out var key));
        await Gateway.SetStatusAsync("test", kind, key, d => d["status"] = new JsonObject { ["readyReplicas"] = 1 }, Token);

        await ReconcileAsync();

        Assert.Equal(["status", .. before.Select(r => r.Verb)], (await HistoryAsync(Deployment)).Select(r => r.Verb));
    }

    [Fact]
    public async Task Who_changes_an_object_again_and_again_is_answered_once_in_ten_seconds()
    {
        await EditAsync(Deployment, d => d["spec"]!["replicas"] = 5);
        await platform.UntilAsync(Deployment, "brought back", d => d.At("spec", "replicas")!.ToString() == "1");
        await EditAsync(Deployment, d => d["spec"]!["replicas"] = 6);

        var next = (await ReconcileAsync()).Next;

        Assert.InRange(next!.Value, TimeSpan.Zero, SourceDrift.Rest);
        Assert.Equal("6", (await platform.FindAsync(Deployment))!.At("spec", "replicas")!.ToString());
        clock.Advance(SourceDrift.Rest);
        await ReconcileAsync();
        Assert.Equal("1", (await platform.FindAsync(Deployment))!.At("spec", "replicas")!.ToString());
    }

    [Fact]
    public async Task An_object_whose_reconciling_is_disabled_is_left_alone_until_it_is_not()
    {
        await EditAsync(Deployment, d =>
        {
            d["spec"]!["replicas"] = 5;
            d.Metadata()["annotations"]![SourceRules.ReconcileAnnotation] = "disabled";
        });
        await ReconcileAsync();
        Assert.Equal("5", (await platform.FindAsync(Deployment))!.At("spec", "replicas")!.ToString());

        // A new commit passes over it too, whether it changes it or has it no more.
        await new GitClient(folder.Path).RunAsync("clone", "-q", platform.Remote("web-gitops", developer), "clone");
        File.Delete(folder.At("clone/manifests/deployment.yaml"));
        var git = new GitClient(folder.At("clone"));
        await git.RunAsync("commit", "-q", "-am", "Without it");
        await git.RunAsync("push", "-q");
        await platform.UntilAsync(Source, "at the next commit", s => s.IsTrue("Synced") && s["status"].Text("appliedCommit") != commit);
        Assert.Equal("5", (await platform.FindAsync(Deployment))!.At("spec", "replicas")!.ToString());

        await git.RunAsync("revert", "--no-edit", "HEAD");
        await git.RunAsync("push", "-q");
        await platform.UntilAsync(Source, "at the commit after", s => s.IsTrue("Synced")
            && s.At("status", "inventory")!.AsArray().Any(i => i!.ToString() == Deployment));
        await EditAsync(Deployment, d => d.Metadata()["annotations"]!.AsObject().Remove(SourceRules.ReconcileAnnotation));
        await platform.UntilAsync(Deployment, "brought back", d => d.At("spec", "replicas")!.ToString() == "1");
    }

    [Fact]
    public async Task A_declared_claim_is_not_deleted_by_hand_unless_its_source_is_kept_off_it()
    {
        Assert.True(Key(Claim, out var kind, out var key));

        var refused = Assert.IsType<Refused>(await Gateway.DeleteAsync(Hand, kind, key, new DeleteOptions(), new WriteOptions(), Token));
        Assert.Contains("declared-claim: source 'web-gitops' declares PostgreSQLInstance 'web/web-db'", refused.Problem.Detail, StringComparison.Ordinal);

        await EditAsync(Claim, d => (d.Metadata()["annotations"] ??= new JsonObject())[SourceRules.ReconcileAnnotation] = "disabled");
        Assert.IsType<Written>(await Gateway.DeleteAsync(Hand, kind, key, new DeleteOptions(), new WriteOptions(), Token));
    }

    [Fact]
    public async Task A_claim_goes_with_its_manifest()
    {
        await new GitClient(folder.Path).RunAsync("clone", "-q", platform.Remote("web-gitops", developer), "clone");
        File.Delete(folder.At("clone/manifests/claim.yaml"));
        var git = new GitClient(folder.At("clone"));
        await git.RunAsync("commit", "-q", "-am", "Without the database");
        await git.RunAsync("push", "-q");

        await platform.UntilAsync(Source, "at the next commit", s => s.IsTrue("Synced") && s["status"].Text("appliedCommit") != commit);

        Assert.Null(await platform.FindAsync(Claim));
    }

    private static Caller Hand => new(new Actor("u-hand"), "hand", Role.Administrator);

    private ResourceGateway Gateway => platform.Services.GetRequiredService<ResourceGateway>();

    private bool Key(string text, out KindDefinition kind, out ResourceKey key)
    {
        var parsed = ResourceKey.TryParse(text, out key);
        kind = platform.Services.GetRequiredService<KindRegistry>().Find(key.Kind)!;
        return parsed;
    }

    private async Task EditAsync(string text, Action<JsonObject> change)
    {
        Assert.True(Key(text, out var kind, out var key));
        Assert.IsType<Written>(await Gateway.UpdateAsync(Hand, kind, key, (current, _) =>
        {
            change(current);
            return new((current, null));
        }, new WriteOptions { FieldManager = "kubectl-edit" }, Token));
    }

    private async Task<Prepared> PrepareAsync(string text, Action<JsonObject> change)
    {
        Assert.True(Key(text, out var kind, out var key));
        var existing = await platform.Services.GetRequiredService<ResourceStore>().FindAsync(key, Token);
        var (prepared, problem) = await Gateway.PrepareUpdateAsync(Hand, kind, existing!, (current, _) =>
        {
            change(current);
            return new((current, null));
        }, new WriteOptions { FieldManager = "kubectl-edit" }, Token);
        Assert.Null(problem);
        return prepared!;
    }

    private async Task<IReadOnlyList<HistoryRow>> HistoryAsync(string text)
    {
        Assert.True(Key(text, out _, out var key));
        return await platform.Services.GetRequiredService<LedgerHistory>().OfAsync(key, 10, Token);
    }

    private Task<ReconcileResult> ReconcileAsync() =>
        platform.Services.GetRequiredService<IGrainFactory>().GetGrain<IGitSourceGrain>(Source).ReconcileAsync();
}
