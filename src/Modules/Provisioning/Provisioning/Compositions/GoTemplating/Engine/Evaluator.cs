using System.Runtime.CompilerServices;
using System.Text;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>Executes a template, after Go's <c>text/template/exec.go</c>: here the blocks, beside it the expressions.</summary>
internal sealed partial class Evaluator(Template template, MissingKey missingKey, Execution execution)
{
    private readonly StringBuilder output = new();

    // Of the template that runs, innermost last; "$" is its data.
    private List<(string Name, object? Value)> variables = [];
    private string running = template.Source.Name;
    private Node? at;
    private int depth;

    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    public Execution Execution { get; } = execution;

    public string Execute(object? data)
    {
        try
        {
            return Include(template.Source.Name, data);
        }
        catch (CallFailure failure)
        {
            throw Fail(failure.Message);
        }
    }

    /// <summary>Runs another template of the set and gives its output, as the function <c>include</c> does.</summary>
    public string Include(string name, object? data)
    {
        if (!template.Defined.TryGetValue(name, out var body))
        {
            throw new CallFailure($"template: no template {GoFormat.Quote(name)} associated with template {GoFormat.Quote(template.Source.Name)}");
        }

        var start = output.Length;
        Run(name, body, data);
        var text = output.ToString(start, output.Length - start);
        Execution.Budget.Text(text.Length);
        output.Length = start;
        return text;
    }

    private TemplateException Fail(string message) => new(at is null
        ? $"template: {running}: {message}"
        : $"template: {template.Source.PlaceOf(at.Position)}: executing {GoFormat.Quote(running)} at <{at}>: {message}");

    private void Run(string name, IReadOnlyList<Node> body, object? data)
    {
        if (++depth > Budget.MaxCallDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Fail($"exceeded maximum template depth ({Budget.MaxCallDepth})");
        }

        var (outer, outerName, outerNode) = (variables, running, at);
        (variables, running) = ([("$", data)], name);
        try
        {
            Walk(body, data);
        }
        catch (CallFailure failure)
        {
            throw Fail(failure.Message);
        }
        finally
        {
            (variables, running, at) = (outer, outerName, outerNode);
            depth--;
        }
    }

    private Flow Walk(IReadOnlyList<Node> nodes, object? dot)
    {
        foreach (var node in nodes)
        {
            Execution.Budget.Spend();
            var flow = Walk(node, dot);
            if (flow != Flow.Next)
            {
                return flow;
            }
        }

        return Flow.Next;
    }

    private Flow Walk(Node node, object? dot)
    {
        at = node is ActionNode or IfNode or WithNode or RangeNode ? at : node;
        switch (node)
        {
            case TextNode text:
                Write(text.Text);
                return Flow.Next;
            case ActionNode action:
                var value = Pipeline(action.Pipe, dot);
                if (action.Pipe.Variables.Count == 0)
                {
                    Write(value as string ?? GoFormat.Output(value));
                }

                return Flow.Next;
            case IfNode branch:
                return Branch(branch.Pipe, branch.Body, branch.Else, dot, changesDot: false);
            case WithNode branch:
                return Branch(branch.Pipe, branch.Body, branch.Else, dot, changesDot: true);
            case RangeNode range:
                return Range(range, dot);
            case TemplateNode call:
                return CallTemplate(call, dot);
            case BreakNode:
                return Flow.Break;
            default:
                return Flow.Continue;
        }
    }

    private void Write(string text)
    {
        if (output.Length + (long)text.Length > Budget.MaxTextLength)
        {
            throw Fail($"the output is longer than {Budget.MaxTextLength} characters");
        }

        Execution.Budget.Text(text.Length);
        output.Append(text);
    }

    private Flow Branch(PipeNode pipe, IReadOnlyList<Node> body, IReadOnlyList<Node>? otherwise, object? dot, bool changesDot)
    {
        var scope = variables.Count;
        var value = Pipeline(pipe, dot);
        var flow = GoValue.Truth(value) ? Walk(body, changesDot ? value : dot)
            : otherwise is not null ? Walk(otherwise, dot)
            : Flow.Next;
        Leave(scope);
        return flow;
    }

    private void Leave(int scope) => variables.RemoveRange(scope, variables.Count - scope);

    private Flow CallTemplate(TemplateNode call, object? dot)
    {
        if (!template.Defined.TryGetValue(call.Name, out var body))
        {
            throw Fail($"template {GoFormat.Quote(call.Name)} not defined");
        }

        var data = call.Pipe is null ? Missing.Value : Pipeline(call.Pipe, dot);
        at = call;
        Run(call.Name, body, data);
        return Flow.Next;
    }

    private Flow Range(RangeNode range, object? dot)
    {
        var scope = variables.Count;
        var value = Pipeline(range.Pipe, dot);
        var inner = variables.Count;
        var any = false;
        foreach (var (index, element) in Items(range, value))
        {
            any = true;
            Execution.Budget.Spend();
            SetRangeVariables(range.Pipe, index, element);
            var flow = Walk(range.Body, element);
            Leave(inner);
            if (flow == Flow.Break)
            {
                break;
            }
        }

        var ended = !any && range.Else is not null ? Walk(range.Else, dot) : Flow.Next;
        Leave(scope);
        return ended;
    }

    private IEnumerable<(object Index, object? Element)> Items(RangeNode range, object? value)
    {
        switch (value)
        {
            case null or Missing:
                return [];
            case List<object?> list:
                // As it is now: what the body adds to the list makes another one.
                return list.Select((element, index) => ((object)(long)index, element));
            case byte[] bytes:
                return bytes.Select((element, index) => ((object)(long)index, (object?)(long)element));
            case GoMap map:
                // Copied, since the body may change the map.
                return map.Sorted().Select(m => ((object)m.Key, m.Value)).ToList();
            case long count when range.Pipe.Variables.Count <= 1:
                return Counting(count);
            case long count:
                throw Fail($"can't use {count} to iterate over more than one variable");
            default:
                throw Fail($"range can't iterate over {GoFormat.Of(value)}");
        }
    }

    private static IEnumerable<(object Index, object? Element)> Counting(long count)
    {
        for (var i = 0L; i < count; i++)
        {
            yield return (i, i);
        }
    }

    private void SetRangeVariables(PipeNode pipe, object index, object? element)
    {
        switch (pipe.Variables)
        {
            case [var one]:
                Set(pipe, one, 1, element);
                break;
            case [var first, var second]:
                Set(pipe, first, 2, index);
                Set(pipe, second, 1, element);
                break;
            default:
                break;
        }
    }

    private void Set(PipeNode pipe, string name, int fromTop, object? value)
    {
        if (pipe.Assigns)
        {
            Assign(name, value);
            return;
        }

        variables[^fromTop] = (variables[^fromTop].Name, value);
    }

    private void Assign(string name, object? value)
    {
        var index = variables.FindLastIndex(v => v.Name == name);
        variables[index] = (name, value);
    }
}
