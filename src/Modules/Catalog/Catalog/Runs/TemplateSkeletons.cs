using System.Text.Json.Nodes;
using Flagstone.Catalog.Files;
using Flagstone.Catalog.Repositories;
using Flagstone.Catalog.Scaffolder.Skeletons;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Runs;

/// <summary>
/// Where a template's skeletons lie, by its annotation: <c>builtin:NAME</c> comes with the platform, <c>git:REPOSITORY@COMMIT/FOLDER</c> lies in
/// a hosted repository. Only administrators write templates, so only they choose.
/// </summary>
internal sealed class TemplateSkeletons(HostedRepositories repositories)
{
    public const string Annotation = "flagstone.dev/skeletons";
    public const string BuiltIn = "builtin:";

    private const string Git = "git:";

    public static string Folder(string name) => Path.Combine(AppContext.BaseDirectory, "GoldenPaths", name);

    /// <summary>The source, or null when the template names none that can be read.</summary>
    public ISkeletonSource? Of(JsonObject template)
    {
        var place = template.Annotation(Annotation);
        if (place.StartsWith(BuiltIn, StringComparison.Ordinal) && RepositoryName.TryParse(place[BuiltIn.Length..], out var name))
        {
            return new FolderSkeletons(Folder(name.Value), FileLimits.Default);
        }

        return place.StartsWith(Git, StringComparison.Ordinal)
            && place[Git.Length..].Split('@') is [var repository, var rest]
            && RepositoryName.TryParse(repository, out var hosted)
            && rest.Split('/', 2) is [var id, .. var folders]
            && CommitId.TryParse(id, out var commit)
            && FolderPath.TryParse(folders is [var folder] ? folder : "", out var root, out _)
            ? new RepositorySkeletons(repositories, hosted, commit, root, FileLimits.Default)
            : null;
    }
}
