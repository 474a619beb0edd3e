namespace Flagstone.Catalog.Templating.Filters;

/// <summary>An entity reference, <c>[kind:][namespace/]name</c>, its case kept (Backstage catalog-model, parseEntityRef).</summary>
internal readonly record struct EntityReference(string Kind, string Namespace, string Name)
{
    private const string DefaultNamespace = "default";

    public static EntityReference Parse(string text, string? defaultKind, string? defaultNamespace)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var slash = text.IndexOf('/', StringComparison.Ordinal);

        // After a slash, a colon is a part of the name.
        var kindEnd = colon >= 0 && (slash < 0 || colon < slash) ? colon : -1;
        var kind = kindEnd >= 0 ? text[..kindEnd] : null;
        var scope = slash >= 0 ? text[(kindEnd + 1)..slash] : null;
        var name = text[(Math.Max(kindEnd, slash) + 1)..];
        if (kind?.Length == 0 || scope?.Length == 0 || name.Length == 0)
        {
            throw new TemplateFault($"entity reference \"{text}\" was not on the form [<kind>:][<namespace>/]<name>");
        }

        return new EntityReference(
            kind ?? defaultKind ?? throw new TemplateFault($"entity reference \"{text}\" had missing or empty kind"),
            scope ?? defaultNamespace ?? DefaultNamespace,
            name);
    }
}
