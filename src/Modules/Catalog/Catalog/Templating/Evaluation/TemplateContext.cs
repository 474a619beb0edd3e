using System.Collections.Frozen;
using System.Text.Json.Nodes;
using Flagstone.Catalog.Templating.Values;

namespace Flagstone.Catalog.Templating.Evaluation;

/// <summary>
/// What a template can see: its variables, and a seed. The filter <c>random</c> draws from the seed, so that a run that is executed again
/// renders the same.
/// </summary>
internal sealed class TemplateContext
{
    private readonly FrozenDictionary<string, TemplateValue> variables;

    public TemplateContext(JsonObject variables, int seed = 0)
    {
        this.variables = variables.ToFrozenDictionary(pair => pair.Key, pair => JsonValues.FromJson(pair.Value), StringComparer.Ordinal);
        Seed = seed;
    }

    public int Seed { get; }

    public TemplateValue? Find(string name) => variables.GetValueOrDefault(name);
}
