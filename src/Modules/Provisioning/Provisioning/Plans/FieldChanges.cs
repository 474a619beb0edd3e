using System.Text.Json.Nodes;
using Flagstone.Provisioning.Contracts;

namespace Flagstone.Provisioning.Plans;

/// <summary>
/// The difference of two documents, field by field: applied in order to the one, as a JSON Patch, they make the other. Lists of one length are
/// compared item by item, others are replaced whole: which item moved where is a guess.
/// </summary>
internal static class FieldChanges
{
    public static IReadOnlyList<FieldChange> Between(JsonObject before, JsonObject after)
    {
        var changes = new List<FieldChange>();
        Compare(before, after, "", changes);
        return changes;
    }

    private static void Compare(JsonNode? before, JsonNode? after, string path, List<FieldChange> changes)
    {
        switch (before, after)
        {
            case (JsonObject was, JsonObject becomes):
                CompareMembers(was, becomes, path, changes);
                break;
            case (JsonArray was, JsonArray becomes) when was.Count == becomes.Count:
                for (var i = 0; i < was.Count; i++)
                {
                    Compare(was[i], becomes[i], $"{path}/{i}", changes);
                }

                break;
            default:
                if (!JsonNode.DeepEquals(before, after))
                {
                    changes.Add(new FieldChange("replace", path, after?.DeepClone(), before?.DeepClone()));
                }

                break;
        }
    }

    private static void CompareMembers(JsonObject before, JsonObject after, string path, List<FieldChange> changes)
    {
        foreach (var (member, was) in before)
        {
            var at = $"{path}/{Escape(member)}";
            if (after.TryGetPropertyValue(member, out var becomes))
            {
                Compare(was, becomes, at, changes);
            }
            else
            {
                changes.Add(new FieldChange("remove", at, null, was?.DeepClone()));
            }
        }

        foreach (var (member, added) in after)
        {
            if (!before.ContainsKey(member))
            {
                changes.Add(new FieldChange("add", $"{path}/{Escape(member)}", added?.DeepClone(), null));
            }
        }
    }

    private static string Escape(string member) =>
        member.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
