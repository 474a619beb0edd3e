namespace Flagstone.Samples.Adjudication;

/// <summary>What has been done, with what undoes it. The last one is undone first.</summary>
internal sealed class Saga
{
    private readonly Stack<(string Name, Func<Task> Undo)> steps = new();
    private readonly List<string> undone = [];

    public IReadOnlyList<string> Undone => undone;

    /// <summary>
    /// Comes before the step itself: a call that timed out may have worked all the same, so it is undone too. Undoing what never happened does
    /// nothing.
    /// </summary>
    public void Add(string name, Func<Task> undo) => steps.Push((name, undo));

    /// <summary>From here on nothing is undone.</summary>
    public void Settle() => steps.Clear();

    public async Task UndoAsync()
    {
        while (steps.TryPop(out var step))
        {
            await step.Undo();
            undone.Add(step.Name);
        }
    }
}
