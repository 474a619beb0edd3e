using Json.Schema;

namespace Flagstone.Catalog.Scaffolder;

/// <summary>
/// Finds in the tree of an evaluation the leaves that made it fail. The tree holds more: branches of an <c>anyOf</c> that another branch
/// made good, conditions that did not hold, and refusals by <c>not</c>, which leave no message.
/// </summary>
internal static class SchemaFailures
{
    public static IEnumerable<SchemaFailure> Of(EvaluationResults node)
    {
        if (node.IsValid)
        {
            return [];
        }

        var field = node.InstanceLocation.ToString();
        var own = (node.Errors ?? []).Select(error => new SchemaFailure(field, error.Key, error.Value));
        var below = (node.Details ?? [])
            .GroupBy(child => Keyword(node, child))
            .Where(group => Decides(group.Key, group))
            .SelectMany(group => group.SelectMany(Of));
        List<SchemaFailure> all = [.. own, .. below];
        return all.Count > 0 ? all : [new SchemaFailure(field, "", null)];
    }

    private static bool Decides(string keyword, IEnumerable<EvaluationResults> children) => keyword switch
    {
        "not" or "if" => false,
        "anyOf" or "oneOf" or "contains" => children.All(child => !child.IsValid),
        _ => true,
    };

    private static string Keyword(EvaluationResults node, EvaluationResults child) =>
        child.EvaluationPath.SegmentCount > node.EvaluationPath.SegmentCount
            ? child.EvaluationPath.GetSegment(node.EvaluationPath.SegmentCount).ToString()
            : "";
}

/// <summary>The JSON pointer of the value, the keyword that it breaks, and the validator's words, or null where it has none.</summary>
internal sealed record SchemaFailure(string Field, string Keyword, string? Message);
