using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Catalog.Templating;

namespace Flagstone.Catalog.Scaffolder;

/// <summary>What a step does, given the state of its run. An expression that fails stops the run: it never counts as true.</summary>
internal static class StepRules
{
    private const int MaxIterations = 100;

    public static StepPlan Plan(TemplateStep step, RunState state, CancellationToken ct)
    {
        try
        {
            return step.Each is null ? PlanOnce(step, state, ct) : PlanEach(step, step.Each, state, ct);
        }
        catch (TemplateValueException e)
        {
            return new StepRefused($"Step '{step.Id}' cannot be rendered: {e.Message}");
        }
    }

    /// <summary>
    /// The output of the run, rendered when all steps are done. Links and texts whose <c>if</c> does not hold are left out.
    /// </summary>
    public static JsonObject Output(TemplateDefinition template, RunState state, CancellationToken ct)
    {
        var rendered = ValueTemplates.Render(template.Output, "output", state.Context(), ct) as JsonObject ?? [];
        foreach (var list in new[] { rendered["links"], rendered["text"] }.OfType<JsonArray>())
        {
            list.RemoveAll(item => item is JsonObject entry && entry.TryGetPropertyValue("if", out var condition) && !Holds(condition));
        }

        return rendered;
    }

    /// <summary>Backstage's rule: an empty list does not hold, an empty object does.</summary>
    public static bool Holds(JsonNode? condition) => condition switch
    {
        null => false,
        JsonArray list => list.Count > 0,
        JsonObject => true,
        _ => condition.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.String => condition.GetValue<string>().Length > 0,
            _ => condition.ToJsonString() is not ("0" or "-0"),
        },
    };

    private static StepPlan PlanOnce(TemplateStep step, RunState state, CancellationToken ct) =>
        IsLeftOut(step, state, null, ct) ? new StepSkipped() : new StepInput(Input(step, state, null, ct));

    private static StepPlan PlanEach(TemplateStep step, JsonNode each, RunState state, CancellationToken ct)
    {
        var items = ValueTemplates.Render(each, "each", state.Context(), ct) switch
        {
            JsonArray list => list.Select((value, index) => Iteration(JsonValue.Create(index), value)).ToList(),
            JsonObject map => map.Select(entry => Iteration(JsonValue.Create(entry.Key), entry.Value)).ToList(),
            _ => null,
        };
        if (items is null)
        {
            return new StepRefused($"Step '{step.Id}' goes through '{each}', which is neither a list nor an object.");
        }

        return items.Count > MaxIterations
            ? new StepRefused($"Step '{step.Id}' goes through {items.Count} items. The limit is {MaxIterations}.")
            : new StepInputs([.. items.Where(item => !IsLeftOut(step, state, item, ct)).Select(item => Input(step, state, item, ct))]);
    }

    private static JsonObject Iteration(JsonNode key, JsonNode? value) => new() { ["key"] = key, ["value"] = value?.DeepClone() };

    private static bool IsLeftOut(TemplateStep step, RunState state, JsonNode? each, CancellationToken ct) =>
        step.If is not null && !Holds(ValueTemplates.Render(step.If, "if", state.Context(each), ct));

    private static JsonObject Input(TemplateStep step, RunState state, JsonNode? each, CancellationToken ct) =>
        ValueTemplates.Render(step.Input, "input", state.Context(each), ct) as JsonObject ?? [];
}

internal abstract record StepPlan
{
    private protected StepPlan() { }
}

/// <summary>Its condition does not hold.</summary>
internal sealed record StepSkipped : StepPlan;

internal sealed record StepInput(JsonObject Input) : StepPlan;

/// <summary>One input for each iteration; the outputs become lists.</summary>
internal sealed record StepInputs(IReadOnlyList<JsonObject> Inputs) : StepPlan;

internal sealed record StepRefused(string Message) : StepPlan;
