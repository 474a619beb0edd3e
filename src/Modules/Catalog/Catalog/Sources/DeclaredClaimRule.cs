using Flagstone.Catalog.Contracts;
using Flagstone.Platform.Admission;

namespace Flagstone.Catalog.Sources;

/// <summary>
/// Whatever else of a source is deleted by hand comes back as it was. A claim comes back empty: its data goes with the deletion. So that one
/// is deleted where it is declared, or taken out of its source's hands first.
/// </summary>
internal sealed class DeclaredClaimRule(ICatalog catalog) : IAdmissionRule
{
    public string Name => "declared-claim";

    public async ValueTask<AdmissionVerdict> JudgeAsync(AdmissionRequest request, CancellationToken ct)
    {
        if (request.Verb != "delete" || !request.Kind.IsAskedFor(request.Before!) || request.Origin.StartsWith(SourceCommit.OriginPrefix, StringComparison.Ordinal)
            || await catalog.FindSourceAsync(request.Before!, ct) is not { } source)
        {
            return AdmissionVerdict.Allowed;
        }

        return AdmissionVerdict.Deny(
            $"source '{source}' declares {request.Kind.Kind} '{request.Key.Display}': deleted by hand it would lose its data and come back empty. Remove its manifest from the source's "
            + $"repository, or keep the source off it first by the annotation {SourceRules.ReconcileAnnotation}=disabled");
    }
}
