using System.Diagnostics.CodeAnalysis;

namespace Flagstone.Platform.Resources;

/// <summary>
/// Names one resource. Text form: <c>KIND/NAMESPACE/NAME</c>, with an empty namespace for a kind that is not namespaced.
/// </summary>
public readonly record struct ResourceKey(KindId Kind, string Namespace, string Name)
{
    public override string ToString() => $"{Kind}/{Namespace}/{Name}";

    /// <summary>The name as a person writes it: <c>NAMESPACE/NAME</c>, or the name alone.</summary>
    public string Display => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";

    public static bool TryParse([NotNullWhen(true)] string? text, out ResourceKey key)
    {
        key = default;
        var parts = text?.Split('/');
        if (parts is not [{ Length: > 0 } kind, var ns, { Length: > 0 } name])
        {
            return false;
        }

        key = new ResourceKey(KindId.Parse(kind), ns, name);
        return true;
    }
}
