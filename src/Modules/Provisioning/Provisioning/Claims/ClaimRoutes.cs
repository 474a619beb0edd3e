using System.Text.Json.Nodes;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;

namespace Flagstone.Provisioning.Claims;

/// <summary>Whom a committed row concerns: a claim by its own rows and its composite's, a composite by its own and its composed resources'.</summary>
internal static class ClaimRoutes
{
    /// <summary>Only the grain itself writes the status of what it keeps: that is no news to it.</summary>
    private const string Status = "status";

    public static IEnumerable<string> ToClaims(CommittedRow row, KindRegistry kinds)
    {
        if (kinds.Find(row.Key.Kind) is not { } kind)
        {
            yield break;
        }

        if (kind.IsClaim())
        {
            if (row.Change != ChangeType.Deleted && row.Verb != Status)
            {
                yield return row.Key.ToString();
            }
        }
        else if (kind.IsComposite() && Documents.LabelIn(row.Labels, Names.ClaimNameLabel) is { Length: > 0 } name && kinds.Partner(kind) is { } claim)
        {
            yield return claim.Key(Documents.LabelIn(row.Labels, Names.ClaimNamespaceLabel), name).ToString();
        }
    }

    public static IEnumerable<string> ToComposites(CommittedRow row, KindRegistry kinds)
    {
        if (row.Change == ChangeType.None || kinds.Find(row.Key.Kind) is not { } kind)
        {
            yield break;
        }

        if (kind.IsComposite() && row.Verb != Status)
        {
            yield return row.Key.ToString();
        }

        // A composite may be composed itself: its owner waits for it as for any other.
        if (Documents.LabelIn(row.Labels, Names.CompositeLabel).Length > 0 && !kind.Sealed
            && JsonNode.Parse(row.Body.Span)!.AsObject().Controller() is { } owner
            && kinds.TryFind(owner.Text("apiVersion"), owner.Text("kind"), out var composite) && composite.IsComposite())
        {
            yield return composite.Key(row.Key.Namespace, owner.Text("name")).ToString();
        }
    }
}
