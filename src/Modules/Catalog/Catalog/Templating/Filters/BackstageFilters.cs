using Flagstone.Catalog.Templating.Values;

namespace Flagstone.Catalog.Templating.Filters;

/// <summary>The filters that Backstage adds: references to repositories and entities, and a way into objects.</summary>
internal static class BackstageFilters
{
    public static Dictionary<string, Filter> All { get; } = new()
    {
        ["parseEntityRef"] = ParseEntityRef,
        ["parseRepoUrl"] = (input, _, _) => RepositoryUrl.Parse(AsText(input)).ToValue(),
        ["pick"] = Pick,
        ["projectSlug"] = (input, _, context) => context.Text(RepositoryUrl.Parse(AsText(input)).Slug),
    };

    private static string AsText(TemplateValue input) =>
        input is Text text ? text.Value : throw new TemplateFault("a string is required");

    private static MapValue ParseEntityRef(TemplateValue input, Arguments arguments, FilterContext context)
    {
        var defaults = arguments.At(0);
        var reference = EntityReference.Parse(AsText(input), Option(defaults, "defaultKind"), Option(defaults, "defaultNamespace"));
        return new MapValue(new OrderedDictionary<string, TemplateValue>(StringComparer.Ordinal)
        {
            ["kind"] = new Text(reference.Kind),
            ["namespace"] = new Text(reference.Namespace),
            ["name"] = new Text(reference.Name),
        });
    }

    private static string? Option(TemplateValue options, string name) =>
        FilterInput.Attribute(options, new Text(name)) is Text { Value.Length: > 0 } text ? text.Value : null;

    // As lodash.get: a.b[0] is a.b.0.
    private static TemplateValue Pick(TemplateValue input, Arguments arguments, FilterContext context) =>
        FilterInput.Attribute(input, new Text(arguments.Text(0, "path", "")
            .Replace("[", ".", StringComparison.Ordinal)
            .Replace("]", "", StringComparison.Ordinal)
            .TrimStart('.')));
}
