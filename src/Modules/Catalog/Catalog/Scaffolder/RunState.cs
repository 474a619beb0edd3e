using System.Text.Json.Nodes;
using Flagstone.Catalog.Templating.Evaluation;

namespace Flagstone.Catalog.Scaffolder;

/// <summary>
/// What the steps of a run can see. It is fixed when the run starts, but for the outputs: a run that is executed again after a stop goes
/// through the same states.
/// </summary>
internal sealed record RunState(RunIdentity Run, JsonObject Parameters, JsonObject User)
{
    /// <summary>The output of each step that is done, by its id.</summary>
    public JsonObject Outputs { get; init; } = [];

    public RunState With(string step, JsonNode output)
    {
        var outputs = Outputs.DeepClone().AsObject();
        outputs[step] = output.DeepClone();
        return this with { Outputs = outputs };
    }

    public TemplateContext Context(JsonNode? each = null)
    {
        var steps = new JsonObject();
        foreach (var (id, output) in Outputs)
        {
            steps[id] = new JsonObject { ["output"] = output?.DeepClone() };
        }

        var variables = new JsonObject
        {
            ["parameters"] = Parameters.DeepClone(),
            ["steps"] = steps,
            ["user"] = User.DeepClone(),
            ["context"] = new JsonObject { ["task"] = new JsonObject { ["id"] = Run.Id.ToString() } },
        };
        if (each is not null)
        {
            variables["each"] = each.DeepClone();
        }

        return new TemplateContext(variables, Run.Seed);
    }
}

/// <summary>
/// Which run this is and when it was asked for. Commits carry that time, so that an execution that is repeated makes the same ones.
/// </summary>
internal sealed record RunIdentity(Guid Id, DateTimeOffset CreatedAt, string Actor)
{
    public int Seed => BitConverter.ToInt32(Id.ToByteArray());
}
