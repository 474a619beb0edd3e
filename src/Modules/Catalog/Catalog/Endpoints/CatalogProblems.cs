using Flagstone.Catalog.Scaffolder;
using Flagstone.Platform.Problems;

namespace Flagstone.Catalog.Endpoints;

/// <summary>The problems of the catalog's endpoints; each has its page in <c>docs/problems</c>.</summary>
internal static class CatalogProblems
{
    public static Problem UnreadableTemplate(string name) =>
        new(422, "unreadable-template", "Invalid", "The golden path cannot be read", $"Template '{name}' is not a Template v1beta3 that can be run. Ask its owner to mend it.");

    public static Problem BadValues(string template, IReadOnlyList<ParameterError> errors) =>
        new(422, "bad-values", "Invalid", "The form is not filled in right", $"Template '{template}': {string.Join(" ", errors.Select(e => $"{e.Field}: {e.Message}"))}")
        {
            Causes = [.. errors.Select(e => new ProblemCause(e.Field, "FieldValueInvalid", e.Message))],
        };

    public static Problem NotAService(string name) =>
        new(409, "not-a-service", "Conflict", "It has no repository here", $"Component '{name}' names no repository that this platform hosts, in its annotation flagstone.dev/repository.");
}
