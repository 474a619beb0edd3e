using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.BuiltIn;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.Revisions;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Provisioning.Tests.CompanyCatalog;

/// <summary>What a start makes of the catalog that an earlier version of the platform brought.</summary>
public sealed class BuiltInUpgradeTests
{
    private const string Earlier = "earlier";

    [Fact]
    public async Task A_new_version_moves_on_what_an_earlier_one_brought_and_leaves_what_was_changed_here()
    {
        await using var platform = new PlatformHost();
        await platform.InitializeAsync();
        var (moves, stays) = (CompositionKinds.Composition.Key("", "sqsqueue-local"), CompositionKinds.Composition.Key("", "s3bucket-local"));
        await platform.WaitAsync("the first revision", async () => await CurrentAsync(platform, moves) == 1);
        var shipped = (await platform.FindAsync(moves))!["spec"]!;
        await AsAsync(platform, BuiltInCatalog.Manager, moves);
        await AsAsync(platform, "kubectl", stays);
        await platform.WaitAsync("the earlier version's revision", async () => await CurrentAsync(platform, moves) == 2);

        await platform.StopAsync();
        await platform.StartAsync();

        var moved = (await platform.FindAsync(moves))!;
        Assert.True(JsonNode.DeepEquals(shipped, moved["spec"]), moved["spec"]!.ToJsonString());
        Assert.Equal(Earlier, (await platform.FindAsync(stays))!.At("spec").Text("writeConnectionSecretsToNamespace"));
        await platform.WaitAsync("the new version's revision", async () => await CurrentAsync(platform, moves) == 3);
    }

    /// <summary>What the platform of then applied, with other secrets.</summary>
    private static async Task AsAsync(PlatformHost platform, string manager, ResourceKey key)
    {
        var options = new WriteOptions { FieldManager = manager };
        var outcome = await platform.Services.GetRequiredService<ResourceGateway>().UpdateAsync(Caller.System("test"), CompositionKinds.Composition, key, (current, _) =>
        {
            var applied = new JsonObject
            {
                ["apiVersion"] = current["apiVersion"]!.DeepClone(),
                ["kind"] = current["kind"]!.DeepClone(),
                ["metadata"] = new JsonObject { ["name"] = key.Name },
                ["spec"] = current["spec"]!.DeepClone(),
            };
            applied["spec"]!["writeConnectionSecretsToNamespace"] = Earlier;
            return new(Applying.Merge(current, applied, CompositionKinds.Composition, options, force: true, TimeProvider.System.GetUtcNow()));
        }, options.ForApply(), TestContext.Current.CancellationToken);
        Assert.IsType<Written>(outcome);
    }

    private static async Task<long> CurrentAsync(PlatformHost platform, ResourceKey key)
    {
        var composition = (await platform.FindAsync(key))!;
        return composition.IsTrue(CompositionRevisions.Current) ? composition["status"]!["revision"]!.GetValue<long>() : 0;
    }
}
