namespace Flagstone.Platform.Schemas;

/// <summary>A CEL rule of <c>x-kubernetes-validations</c>.</summary>
/// <param name="Place">The field names from the document's root to the value that the rule is about; <see cref="Any"/> is every item or
/// entry.</param>
/// <param name="Rule">The CEL expression over <c>self</c> and <c>oldSelf</c>.</param>
/// <param name="Message">What to say when it is false, or null.</param>
/// <param name="MessageExpression">A CEL expression that makes the message, or null.</param>
/// <param name="Reason">The reason of the field error, or null for FieldValueInvalid.</param>
/// <param name="FieldPath">The field to blame below the value, or null for the value.</param>
/// <param name="OptionalOldSelf">Whether a rule with <c>oldSelf</c> runs on creation too.</param>
public sealed record SchemaRule(
    IReadOnlyList<string> Place,
    string Rule,
    string? Message,
    string? MessageExpression,
    string? Reason,
    string? FieldPath,
    bool OptionalOldSelf)
{
    /// <summary>Stands for every item of a list or entry of a map in <see cref="Place"/>.</summary>
    public const string Any = "*";
}
