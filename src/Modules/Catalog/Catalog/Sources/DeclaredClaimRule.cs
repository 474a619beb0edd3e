using Flagstone.Catalog.Kinds;
using Flagstone.Platform.Admission;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Sources;

/// <summary>
/// Whatever else of a source is deleted by hand comes back as it was. A claim comes back empty: its data goes with the deletion. So that one
/// is deleted where it is declared, or taken out of its source's hands first.
/// </summary>
internal sealed class DeclaredClaimRule(ResourceStore store) : IAdmissionRule
{
    public string Name => "declared-claim";

    public async ValueTask<AdmissionVerdict> JudgeAsync(AdmissionRequest request, CancellationToken ct)
    {
        if (request.Verb != "delete" || !request.Kind.IsAskedFor(request.Before!) || request.Origin.StartsWith(SourceCommit.OriginPrefix, StringComparison.Ordinal)
            || SourceRules.OtherSource(request.Before!, "") is not { } source || SourceRules.IsLeftAlone(request.Before!)
            || await store.FindAsync(GitKinds.SourceKey(source), ct) is not { } found || found.ToDocument().IsDeleting())
        {
            return AdmissionVerdict.Allowed;
        }

        return AdmissionVerdict.Deny(
            $"source '{source}' declares {request.Kind.Kind} '{request.Key.Display}': deleted by hand it would lose its data and come back empty. Remove its manifest from the source's "
            + $"repository, or keep the source off it first by the annotation {SourceRules.ReconcileAnnotation}=disabled");
    }
}
