namespace Flagstone.Platform.Resources;

/// <summary>
/// The name of a kind: plural and group, as Kubernetes calls a group-resource.
/// Text form: <c>postgresqlinstances.platform.example.com</c>, or <c>secrets</c> in the core group.
/// </summary>
/// <param name="Plural">The lower-case plural, for example <c>claims</c>.</param>
/// <param name="Group">The API group; empty for the core group.</param>
public readonly record struct KindId(string Plural, string Group)
{
    public override string ToString() => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary>Reads the text form back. The plural ends at the first dot: a plural has none.</summary>
    public static KindId Parse(string text)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? new KindId(text, "") : new KindId(text[..dot], text[(dot + 1)..]);
    }
}
