using System.Text.Json.Nodes;

namespace Flagstone.Platform.Schemas;

/// <summary>Which items of a set or of a keyed list are the same.</summary>
internal static class ListIdentity
{
    // Comparing each with each is cheaper than a set for lists as short as most are.
    private const int PairwiseLimit = 8;

    /// <summary>The index of the first item that equals an earlier one, by its keys where there are any; -1 when there is none.</summary>
    public static int FirstDuplicate(JsonArray list, string[] keys)
    {
        if (list.Count > PairwiseLimit)
        {
            var seen = new HashSet<string>(list.Count, StringComparer.Ordinal);
            for (var i = 0; i < list.Count; i++)
            {
                if (IsKeyed(list[i], keys) && !seen.Add(IdentityOf(list[i], keys)))
                {
                    return i;
                }
            }

            return -1;
        }

        for (var i = 1; i < list.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (IsKeyed(list[i], keys) && AreSame(list[i], list[j], keys))
                {
                    return i;
                }
            }
        }

        return -1;
    }

    private static bool IsKeyed(JsonNode? item, string[] keys) => keys.Length == 0 || item is JsonObject;

    private static string IdentityOf(JsonNode? item, string[] keys) =>
        keys.Length == 0 ? CanonicalJson.Of(item) : string.Join('\n', keys.Select(key => CanonicalJson.Of(item![key])));

    private static bool AreSame(JsonNode? a, JsonNode? b, string[] keys)
    {
        if (keys.Length == 0)
        {
            return JsonText.AreEqual(a, b);
        }

        foreach (var key in keys)
        {
            if (b is not JsonObject || !JsonText.AreEqual(a![key], b[key]))
            {
                return false;
            }
        }

        return true;
    }
}
