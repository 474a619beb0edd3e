using System.Text.Json.Nodes;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Contracts;

namespace Flagstone.Provisioning.Plans;

/// <summary>
/// What a composition makes only after something else: what its functions say that they hold back, and what they add once all that is made first is
/// there and ready. What depends on a value that only a provider can tell, and says so to nobody, is not seen.
/// </summary>
internal static class Foresight
{
    /// <summary>One waits for another, and this for a third; longer chains are cut.</summary>
    private const int MaxRounds = 5;

    /// <param name="rendering">What is rendered now.</param>
    public static async Task<IReadOnlyList<DelayedResource>> OfAsync(
        CompositionPipeline pipeline, JsonObject revision, JsonObject composite, Rendering rendering, CancellationToken ct)
    {
        var later = new OrderedDictionary<string, DelayedResource>(StringComparer.Ordinal);
        var round = rendering;
        for (var i = 0; i < MaxRounds; i++)
        {
            foreach (var delayed in round.Delayed.Where(d => !rendering.Desired.ContainsKey(d.Name)))
            {
                later.TryAdd(delayed.Name, delayed);
            }

            foreach (var (name, desired) in round.Desired.Where(d => !rendering.Desired.ContainsKey(d.Key)))
            {
                later.TryAdd(name, new DelayedResource(name, desired.Document, "what is made before it"));
            }

            // Nothing is new that others could wait for.
            if (round.Desired.Keys.All(round.Observed.ContainsKey) || await NextAsync(pipeline, revision, composite, round, ct) is not { } next)
            {
                break;
            }

            round = next;
        }

        return [.. later.Values];
    }

    public static LaterResource Shown(DelayedResource delayed) => new(
        delayed.Name, delayed.Document.Text("apiVersion") is { Length: > 0 } version ? version : null, delayed.Document.Text("kind") is { Length: > 0 } kind ? kind : null,
        delayed.WaitsFor);

    /// <summary>The rendering once all that is desired is there and ready; null where that cannot be told without values that only providers have.</summary>
    private static async Task<Rendering?> NextAsync(
        CompositionPipeline pipeline, JsonObject revision, JsonObject composite, Rendering before, CancellationToken ct)
    {
        var then = (JsonObject)composite.DeepClone();
        CompositeStatus.ReportFunctions(then, before);
        var observed = new Dictionary<string, ObservedResource>(before.Observed, StringComparer.Ordinal);
        foreach (var (name, desired) in before.Desired)
        {
            observed.TryAdd(name, new ObservedResource(Made(desired.Document, name), new Dictionary<string, string>()));
        }

        var next = new Rendering(then, observed);
        try
        {
            await pipeline.RunAsync(revision, next, ct);
            return next;
        }
        catch (FatalResultException)
        {
            return null;
        }
    }

    private static JsonObject Made(JsonObject desired, string name)
    {
        var made = (JsonObject)desired.DeepClone();
        made.Metadata()["name"] ??= name;
        made.SetCondition(Condition.True("Ready", "Available"), DateTimeOffset.UnixEpoch);
        made.SetCondition(Condition.True("Synced", "ReconcileSuccess"), DateTimeOffset.UnixEpoch);
        return made;
    }
}
