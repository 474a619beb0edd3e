using System.Text.Json.Nodes;
using Flagstone.Catalog.Scaffolder;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Endpoints;

/// <summary>A golden path as a list shows it.</summary>
/// <param name="Owner">An entity reference, or null where nobody owns it.</param>
public sealed record TemplateSummary(string Name, string Title, string Description, string Type, string? Owner, IReadOnlyList<string> Tags);

/// <summary>A golden path with its form.</summary>
/// <param name="Pages">The form's pages in order.</param>
public sealed record TemplateView(
    string Name, string Title, string Description, string Type, string? Owner, IReadOnlyList<string> Tags, IReadOnlyList<TemplatePage> Pages,
    IReadOnlyList<TemplateStepView> Steps);

/// <summary>One page of a form.</summary>
/// <param name="Schema">JSON Schema of draft 07 with Backstage's <c>ui:</c> keywords.</param>
public sealed record TemplatePage(string? Title, string? Description, JsonObject Schema);

/// <summary>A step of a golden path.</summary>
public sealed record TemplateStepView(string Id, string Name, string Action);

internal static class TemplateViews
{
    public static TemplateSummary Summary(JsonObject template) => new(
        template.NameOf(),
        template["metadata"].Text("title") is { Length: > 0 } title ? title : template.NameOf(),
        template["metadata"].Text("description"),
        template["spec"].Text("type"),
        template["spec"].Text("owner") is { Length: > 0 } owner ? owner : null,
        [.. (template.At("metadata", "tags") as JsonArray ?? []).Select(t => t?.ToString() ?? "")]);

    public static TemplateView View(JsonObject template, TemplateDefinition definition)
    {
        var summary = Summary(template);
        return new TemplateView(
            summary.Name, summary.Title, summary.Description, summary.Type, summary.Owner, summary.Tags,
            [.. definition.Parameters.Select(p => new TemplatePage(p.Title, p.Description, p.Schema))],
            [.. definition.Steps.Select(s => new TemplateStepView(s.Id, s.Name, s.Action))]);
    }
}
