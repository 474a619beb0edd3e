using System.Diagnostics.CodeAnalysis;

namespace Flagstone.Catalog.Contracts;

/// <summary>An entity's namespace and name. Text form: <c>NAMESPACE/NAME</c>; a text without a slash is in <c>default</c>.</summary>
public readonly record struct EntityName(string Namespace, string Name)
{
    private const string Default = "default";

    public override string ToString() => $"{Namespace}/{Name}";

    /// <summary>
    /// Reads a reference such as <c>group:default/payments</c>, <c>default/payments</c> or <c>payments</c>; its kind is passed over. False when a
    /// part that is there is empty.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out EntityName name)
    {
        name = default;
        var colon = text?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;

        // A colon behind the slash is part of the name.
        var rest = colon >= 0 && (slash < 0 || colon < slash) ? text![(colon + 1)..] : text;
        var parts = rest?.Split('/');
        if (parts is null or { Length: > 2 } || parts.Any(p => p.Length == 0))
        {
            return false;
        }

        name = parts is [var ns, var local] ? new EntityName(ns, local) : new EntityName(Default, parts[0]);
        return true;
    }
}
