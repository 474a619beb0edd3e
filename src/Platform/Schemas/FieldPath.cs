using System.Globalization;
using System.Text;

namespace Flagstone.Platform.Schemas;

/// <summary>
/// The place of a value in a document, printed as Kubernetes does: <c>spec.containers[0].image</c>, <c>metadata.labels[app]</c>.
/// Null stands for the document itself.
/// </summary>
public sealed class FieldPath
{
    private const int NotAnIndex = -1;

    private readonly FieldPath? parent;
    private readonly string? name;
    private readonly int index;
    private readonly bool isKey;

    private FieldPath(FieldPath? parent, string? name, int index, bool isKey)
    {
        this.parent = parent;
        this.name = name;
        this.index = index;
        this.isKey = isKey;
    }

    /// <summary>The path of a field below this one, or of a field of the document when <paramref name="path"/> is null.</summary>
    public static FieldPath Field(FieldPath? path, string name) => new(path, name, NotAnIndex, isKey: false);

    /// <summary>The path of a list's item.</summary>
    public static FieldPath Item(FieldPath? path, int index) => new(path, null, index, isKey: false);

    /// <summary>The path of a map's entry, printed in brackets.</summary>
    public static FieldPath Key(FieldPath? path, string key) => new(path, key, NotAnIndex, isKey: true);

    /// <inheritdoc cref="Field(FieldPath?, string)"/>
    public FieldPath Child(string field) => Field(this, field);

    /// <inheritdoc cref="Item(FieldPath?, int)"/>
    public FieldPath At(int item) => Item(this, item);

    /// <summary>The field names and item indexes from the document down to the value.</summary>
    public IReadOnlyList<string> Segments()
    {
        var segments = new List<string>();
        for (var path = this; path is not null; path = path.parent)
        {
            segments.Add(path.name ?? path.index.ToString(CultureInfo.InvariantCulture));
        }

        segments.Reverse();
        return segments;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        Append(text);
        return text.ToString();
    }

    private void Append(StringBuilder text)
    {
        parent?.Append(text);
        if (name is null)
        {
            text.Append(CultureInfo.InvariantCulture, $"[{index}]");
        }
        else if (isKey)
        {
            text.Append('[').Append(name).Append(']');
        }
        else
        {
            text.Append(text.Length == 0 ? "" : ".").Append(name);
        }
    }
}
