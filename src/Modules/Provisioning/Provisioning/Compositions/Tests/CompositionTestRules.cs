using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.PatchAndTransform;

namespace Flagstone.Provisioning.Compositions.Tests;

/// <summary>What a composition test wants, and what of it a rendering does not give. Pure.</summary>
internal static class CompositionTestRules
{
    public static IEnumerable<ProblemCause> Check(JsonObject test)
    {
        if (test.At("spec", "claim") is null == test.At("spec", "composite") is null)
        {
            yield return new ProblemCause("spec.claim", "FieldValueRequired", "Required value: exactly one of claim and composite");
        }

        if (test.At("spec", "expect") is JsonObject { Count: 0 })
        {
            yield return new ProblemCause("spec.expect", "FieldValueRequired", "Required value: a test that expects nothing cannot fail; expect resources, absent, status or error");
        }
    }

    /// <summary>What is not as expected; empty when the test passes.</summary>
    /// <param name="error">The fatal result with which rendering ended; null when it did not.</param>
    public static IReadOnlyList<string> Judge(JsonObject expect, Rendering rendering, string? error)
    {
        if (expect.Text("error") is { Length: > 0 } wanted)
        {
            return error is null ? [$"it renders, and should be refused with \"{wanted}\""]
                : error.Contains(wanted, StringComparison.Ordinal) ? [] : [$"it is refused with \"{error}\" instead of \"{wanted}\""];
        }

        if (error is not null)
        {
            return [$"it does not render: {error}"];
        }

        var differences = new List<string>();
        var resources = expect["resources"] as JsonObject ?? [];
        foreach (var (name, want) in resources)
        {
            if (rendering.Desired.TryGetValue(name, out var desired))
            {
                Compare(want, desired.Document, name, differences);
            }
            else
            {
                differences.Add($"resource '{name}' is not composed; these are: {string.Join(", ", rendering.Desired.Keys)}");
            }
        }

        differences.AddRange((expect["absent"] as JsonArray ?? []).Select(a => a?.ToString() ?? "").Where(rendering.Desired.ContainsKey)
            .Select(a => $"resource '{a}' is composed, and should not be"));
        if (expect["only"] is JsonValue only && only.GetValueKind() == JsonValueKind.True)
        {
            differences.AddRange(rendering.Desired.Keys.Where(k => !resources.ContainsKey(k)).Select(k => $"resource '{k}' is composed, and not expected"));
        }

        if (expect["status"] is { } status)
        {
            Compare(status, rendering.DesiredComposite["status"], "status", differences);
        }

        return differences;
    }

    /// <summary>Objects need hold at least what is expected; all else must be equal. An expected null wants the field away.</summary>
    private static void Compare(JsonNode? want, JsonNode? got, string path, List<string> differences)
    {
        if (want is JsonObject members && got is JsonObject there)
        {
            foreach (var (member, value) in members)
            {
                Compare(value, there[member], $"{path}.{member}", differences);
            }

            return;
        }

        if (!JsonNode.DeepEquals(Numbers.Settle(want), Numbers.Settle(got)))
        {
            differences.Add($"{path} is {got?.ToJsonString() ?? "not there"} instead of {want?.ToJsonString() ?? "not there"}");
        }
    }
}
