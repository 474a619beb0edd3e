using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.Expressions;

namespace Flagstone.Provisioning.Compositions.Sequencer;

/// <summary>
/// Crossplane's <c>function-sequencer</c>: keeps a composed resource from being created before those that its rule names earlier are ready, and
/// from being deleted after them.
/// </summary>
internal static class SequencerFunction
{
    private static readonly TimeSpan RegexLimit = TimeSpan.FromSeconds(1);

    /// <param name="input">An <c>Input</c> of <c>sequencer.fn.crossplane.io/v1beta1</c>.</param>
    public static void Run(JsonObject input, Rendering rendering)
    {
        rendering.TimeToLive = GoDuration.TryParse(input.Text("cacheTTL"), out var lifetime) ? lifetime : null;
        foreach (var rule in (input["rules"] as JsonArray ?? []).OfType<JsonObject>())
        {
            Apply(Rule.Read(rule), input, rendering);
        }
    }

    private static void Apply(Rule rule, JsonObject input, Rendering rendering)
    {
        var applies = rule.Condition.Length == 0 || CelExpressions.IsTrue(rule.Condition, Variables(rendering));
        if (!applies)
        {
            rendering.Results.Add(new FunctionResult(
                Severity.Normal, $"Skipping sequence [{string.Join(' ', rule.Sequence)}]: condition \"{rule.Condition}\" evaluated to false"));
        }

        var patterns = rule.Sequence.ConvertAll(Compile);
        if (applies && !rule.DeleteOnly)
        {
            Delay(rule.Sequence, patterns, IsTrue(input["resetCompositeReadiness"]), rendering);
        }

        // Whatever a condition says of creation: what is there goes in order.
        if (IsTrue(input["enableDeletionSequencing"]) && !rule.CreateOnly)
        {
            DeletionOrder.Protect(patterns, input.Text("usageVersion") == "v1", IsTrue(input["replayDeletion"]), rendering);
        }
    }

    private static void Delay(List<string> sequence, List<Regex> patterns, bool resetsReadiness, Rendering rendering)
    {
        for (var i = 1; i < sequence.Count; i++)
        {
            if (rendering.Observed.ContainsKey(sequence[i]))
            {
                continue;
            }

            for (var earlier = 0; earlier < i; earlier++)
            {
                var before = rendering.Desired.Where(d => patterns[earlier].IsMatch(d.Key)).ToList();
                var ready = before.Count(d => d.Value.Ready == true);
                if (before.Count > 0 && ready == before.Count)
                {
                    continue;
                }

                var why = before.Count == 0 ? "does not exist yet"
                    : string.Create(CultureInfo.InvariantCulture, $"is not fully ready ({ready} of {before.Count})");
                rendering.Results.Add(new FunctionResult(
                    Severity.Normal, $"Delaying creation of resource(s) matching \"{sequence[i]}\" because \"{sequence[earlier]}\" {why}"));
                foreach (var name in rendering.Desired.Keys.Where(k => patterns[i].IsMatch(k) && !rendering.Observed.ContainsKey(k)).ToList())
                {
                    rendering.Delayed.Add(new DelayedResource(name, rendering.Desired[name].Document, $"{sequence[earlier]} to be {(before.Count == 0 ? "there" : "ready")}"));
                    rendering.Desired.Remove(name);
                }

                if (resetsReadiness)
                {
                    rendering.CompositeReady = false;
                }

                break;
            }
        }
    }

    private static Regex Compile(string pattern)
    {
        // A plain name means itself alone.
        var strict = pattern.StartsWith('^') || pattern.EndsWith('$') ? pattern : $"^{pattern}$";
        try
        {
            return new Regex(strict, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, RegexLimit);
        }
        catch (RegexParseException e)
        {
            throw new FatalResultException($"cannot compile regex {strict}: error parsing regexp: {GoRegexp.Describe(e, strict)}");
        }
        catch (NotSupportedException e)
        {
            throw new FatalResultException($"cannot compile regex {strict}: error parsing regexp: {e.Message}");
        }
    }

    private static Dictionary<string, JsonNode?> Variables(Rendering rendering) => new(StringComparer.Ordinal)
    {
        ["observed"] = State(rendering.Composite, rendering.Observed.Select(o => KeyValuePair.Create(o.Key, o.Value.Document))),
        ["desired"] = State(rendering.DesiredComposite, rendering.Desired.Select(d => KeyValuePair.Create(d.Key, d.Value.Document))),
        ["context"] = rendering.Context,
    };

    private static JsonObject State(JsonObject composite, IEnumerable<KeyValuePair<string, JsonObject>> resources) => new()
    {
        ["composite"] = new JsonObject { ["resource"] = composite.DeepClone() },
        ["resources"] = new JsonObject(resources.Select(r => KeyValuePair.Create<string, JsonNode?>(r.Key, new JsonObject { ["resource"] = r.Value.DeepClone() }))),
    };

    private static bool IsTrue(JsonNode? node) => node is JsonValue v && v.GetValueKind() == JsonValueKind.True;

    private sealed record Rule(List<string> Sequence, string Condition, bool CreateOnly, bool DeleteOnly)
    {
        public static Rule Read(JsonObject rule)
        {
            var read = new Rule(
                (rule["sequence"] as JsonArray ?? []).Select(s => s?.ToString() ?? "").ToList(), rule.Text("condition"),
                IsTrue(rule["createOnly"]), IsTrue(rule["deleteOnly"]));
            return read is { CreateOnly: true, DeleteOnly: true }
                ? throw new FatalResultException($"rule for sequence [{string.Join(' ', read.Sequence)}] cannot have both deleteOnly and createOnly set to true")
                : read;
        }
    }
}
