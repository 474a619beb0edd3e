using System.Runtime.CompilerServices;

namespace Flagstone.Platform.Schemas;

/// <summary>
/// Where a validation is, and what it found. The place is kept in a fixed block on the stack and becomes a <see cref="FieldPath"/> only
/// when there is an error to report.
/// </summary>
internal ref struct SchemaWalk
{
    private const int MaxErrors = 1_000;

    private Segments segments;
    private int depth;
    private List<FieldError>? errors;

    /// <summary>Whether only the answer matters, not the errors: inside anyOf, oneOf and not.</summary>
    public bool IsQuick { get; private set; }

    public bool Failed { get; private set; }

    public readonly IReadOnlyList<FieldError> Errors => errors ?? (IReadOnlyList<FieldError>)[];

    public void Enter(string name) => segments[depth++] = new(name, 0);

    public void Enter(int index) => segments[depth++] = new(null, index);

    public void Leave() => depth--;

    /// <summary>Notes a failure; true when the caller should say which by <see cref="Add"/>.</summary>
    public bool Fail()
    {
        Failed = true;
        return !IsQuick && (errors?.Count ?? 0) < MaxErrors;
    }

    public void Add(FieldError error) => (errors ??= []).Add(error);

    public readonly FieldPath? Path()
    {
        FieldPath? path = null;
        for (var i = 0; i < depth; i++)
        {
            var segment = segments[i];
            path = segment.Name is null ? FieldPath.Item(path, segment.Index) : FieldPath.Field(path, segment.Name);
        }

        return path;
    }

    public State BeginQuick()
    {
        var state = new State(IsQuick, Failed);
        (IsQuick, Failed) = (true, false);
        return state;
    }

    /// <summary>Whether what was walked since <see cref="BeginQuick"/> is valid.</summary>
    public bool EndQuick(State state)
    {
        var valid = !Failed;
        (IsQuick, Failed) = (state.IsQuick, state.Failed);
        return valid;
    }

    internal readonly record struct State(bool IsQuick, bool Failed);

    private readonly record struct Segment(string? Name, int Index);

    [InlineArray(SchemaParser.MaxDepth + 1)]
    private struct Segments
    {
        private Segment first;
    }
}
