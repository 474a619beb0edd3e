using System.Globalization;
using Flagstone.Platform.Schemas;

namespace Flagstone.Catalog.Sources;

/// <summary>Reads a field as a problem prints it, such as <c>spec.containers[0].image</c>, to find its line.</summary>
internal static class FieldText
{
    /// <summary>Null for the document itself, and for a text that is no path.</summary>
    public static FieldPath? Parse(string text)
    {
        FieldPath? path = null;
        foreach (var part in text.Split(['.', '['], StringSplitOptions.RemoveEmptyEntries))
        {
            var name = part.TrimEnd(']');
            path = part.EndsWith(']') && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                ? FieldPath.Item(path, index)
                : FieldPath.Field(path, name);
        }

        return path;
    }
}
