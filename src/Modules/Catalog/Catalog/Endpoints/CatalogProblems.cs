using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Repositories;
using Flagstone.Catalog.Scaffolder;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;

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

    public static Problem NameTaken(string service, string why) =>
        new(409, "name-taken", "Conflict", "The name is taken", why) { Subject = new ProblemSubject(EntityKinds.Group, "Component", service) };

    public static Problem NothingDeployed(ResourceKey service, RepositoryName app) =>
        CannotRollBack(service, $"Repository '{app}-gitops' deploys nothing of '{app}', so there is nothing to roll back.");

    public static Problem NoEarlierCommit(ResourceKey service, CommitId deployed) =>
        CannotRollBack(service, $"Commit {deployed} is deployed, and no earlier commit of '{service.Name}' has ever answered. Push a commit that mends it.");

    public static Problem NeverAnswered(ResourceKey service, CommitId commit, RepositoryName gitops) =>
        CannotRollBack(
            service,
            $"Commit {commit} of '{service.Name}' has never answered. Name one that has; to try this one all the same, write it to the annotation flagstone.dev/source in '{gitops}'.");

    public static Problem NotAService(string name) =>
        new(409, "not-a-service", "Conflict", "It has no repository here", $"Component '{name}' names no repository that this platform hosts, in its annotation flagstone.dev/repository.");

    private static Problem CannotRollBack(ResourceKey service, string why) =>
        new(409, "cannot-roll-back", "Conflict", "There is nothing to go back to", why) { Subject = new ProblemSubject(service.Kind.Group, "Component", service.Name) };
}
