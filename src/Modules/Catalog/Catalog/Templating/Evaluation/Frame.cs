using Flagstone.Catalog.Templating.Values;

namespace Flagstone.Catalog.Templating.Evaluation;

/// <summary>The names that a template itself has set. A loop has a frame of its own, and sees those around it.</summary>
internal sealed class Frame(Frame? parent, bool isolatesWrites = false)
{
    private readonly Dictionary<string, TemplateValue> names = new(StringComparer.Ordinal);

    public TemplateValue? Find(string name)
    {
        for (var frame = this; frame is not null; frame = frame.Parent)
        {
            if (frame.names.TryGetValue(name, out var value))
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>A name of this frame, whatever the frames around it have.</summary>
    public void Declare(string name, TemplateValue value) => names[name] = value;

    /// <summary>
    /// The nearest variable of the name, so that a loop can count in one outside it; but a macro changes nothing around it.
    /// </summary>
    public void Assign(string name, TemplateValue value)
    {
        for (var frame = this; frame is not null && !frame.IsolatesWrites; frame = frame.Parent)
        {
            if (frame.names.ContainsKey(name))
            {
                frame.names[name] = value;
                return;
            }
        }

        names[name] = value;
    }

    private Frame? Parent { get; } = parent;

    private bool IsolatesWrites { get; } = isolatesWrites;
}
