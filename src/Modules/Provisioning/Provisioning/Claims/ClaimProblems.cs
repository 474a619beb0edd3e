using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;

namespace Flagstone.Provisioning.Claims;

/// <summary>The problems of the claims' endpoints; each has its page in <c>docs/problems</c>.</summary>
internal static class ClaimProblems
{
    public static Problem NoSuchKind(KindRegistry kinds, string what)
    {
        var offered = kinds.All.Where(k => k.AskedFor).Select(k => k.Id.ToString()).Order(StringComparer.Ordinal).ToList();
        return Catalogue.NoSuchKind(what) with
        {
            Detail = offered.Count > 0
                ? $"'{what}' is no kind of claim that is offered here. Use one of: {string.Join(", ", offered)}."
                : $"'{what}' is no kind of claim that is offered here. Apply a CompositeResourceDefinition of scope Namespaced, or one with claimNames, first.",
        };
    }
}
