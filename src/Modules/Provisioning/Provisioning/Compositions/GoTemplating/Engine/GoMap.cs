namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>Go's <c>map[string]interface{}</c>: <c>set</c> and <c>merge</c> change it in place, as templates expect.</summary>
internal sealed class GoMap() : Dictionary<string, object?>(StringComparer.Ordinal)
{
    /// <summary>In the order in which Go prints and ranges over them.</summary>
    public IEnumerable<KeyValuePair<string, object?>> Sorted() => this.OrderBy(m => m.Key, StringComparer.Ordinal);
}
