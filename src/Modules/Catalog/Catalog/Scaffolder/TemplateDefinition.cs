using System.Text.Json.Nodes;

namespace Flagstone.Catalog.Scaffolder;

/// <summary>What a run needs of a Template v1beta3.</summary>
internal sealed record TemplateDefinition(
    TemplateIdentity Identity, IReadOnlyList<ParameterStep> Parameters, IReadOnlyList<TemplateStep> Steps, JsonObject Output);

/// <summary>How the template shows itself. The owner is an entity reference, or null where nobody owns it.</summary>
internal sealed record TemplateIdentity(string Name, string Title, string Description, string Type, string? Owner);

/// <summary>One page of the form: a JSON Schema of draft 07, with the <c>ui:</c> keywords that the form draws by.</summary>
internal sealed record ParameterStep(string? Title, string? Description, JsonObject Schema);

/// <summary>
/// One action of a run. <see cref="If"/> and <see cref="Each"/> are null where the template has none; input is what the template wrote,
/// not rendered.
/// </summary>
internal sealed record TemplateStep(string Id, string Name, string Action, JsonObject Input, JsonNode? If, JsonNode? Each);

/// <summary>What is wrong with a template, and where in it.</summary>
internal sealed record TemplateProblem(string Path, string Message);

internal abstract record TemplateOutcome
{
    private protected TemplateOutcome() { }
}

/// <summary>
/// The template can be offered. Broken expressions are warnings, because Backstage takes such templates too and most of their steps may
/// run: a run stops at the step that has one.
/// </summary>
internal sealed record TemplateAccepted(TemplateDefinition Definition, IReadOnlyList<TemplateProblem> Warnings) : TemplateOutcome;

internal sealed record TemplateRefused(IReadOnlyList<TemplateProblem> Problems) : TemplateOutcome;
