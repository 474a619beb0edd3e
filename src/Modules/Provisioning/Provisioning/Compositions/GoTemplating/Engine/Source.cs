namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>A template's text, for the places in errors.</summary>
internal sealed record Source(string Name, string Text)
{
    public int LineOf(int position) => 1 + Text.AsSpan(0, Math.Min(position, Text.Length)).Count('\n');

    /// <summary>Name, line from 1 and column in bytes from 0, as Go counts.</summary>
    public string PlaceOf(int position)
    {
        var before = Text.AsSpan(0, Math.Min(position, Text.Length));
        var column = System.Text.Encoding.UTF8.GetByteCount(before[(before.LastIndexOf('\n') + 1)..]);
        return $"{Name}:{LineOf(position)}:{column}";
    }
}
