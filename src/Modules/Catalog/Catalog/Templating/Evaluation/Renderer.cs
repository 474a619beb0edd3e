using System.Text;
using Flagstone.Catalog.Templating.Syntax;
using Flagstone.Catalog.Templating.Values;

namespace Flagstone.Catalog.Templating.Evaluation;

/// <summary>Runs the statements of a template, and writes what they output by the given printing.</summary>
internal sealed class Renderer(SourceText source, TemplateContext context, Budget budget, Func<TemplateValue, string> print)
{
    private readonly ExpressionEvaluator expressions = new(source, context, budget);

    public string Render(IReadOnlyList<Statement> statements)
    {
        var output = new StringBuilder();
        Run(statements, new Frame(null), output);
        return output.ToString();
    }

    private void Run(IReadOnlyList<Statement> statements, Frame frame, StringBuilder output)
    {
        foreach (var statement in statements)
        {
            try
            {
                budget.Spend();
                budget.Enter();
                Run(statement, frame, output);
                budget.Leave();
            }
            catch (TemplateFault fault)
            {
                throw source.Error(statement.Offset, fault.Message);
            }
        }
    }

    private void Run(Statement statement, Frame frame, StringBuilder output)
    {
        switch (statement)
        {
            case TextStatement text:
                Write(text.Text, output);
                break;
            case OutputStatement value:
                Write(print(expressions.Evaluate(value.Value, frame)), output);
                break;
            case IfStatement choice:
                var taken = choice.Branches.FirstOrDefault(branch => Coercion.IsTruthy(expressions.Evaluate(branch.Condition, frame)));
                Run(taken?.Body ?? choice.Otherwise, frame, output);
                break;
            case ForStatement loop:
                RunLoop(loop, frame, output);
                break;
            case SetStatement set:
                var assigned = set.Value is null ? new Text(RenderBody(set.Body, frame)) : expressions.Evaluate(set.Value, frame);
                set.Names.ToList().ForEach(name => frame.Assign(name, assigned));
                break;
            case SwitchStatement choice:
                RunSwitch(choice, frame, output);
                break;
            case FilterStatement filter:
                var input = new Text(RenderBody(filter.Body, frame));
                Write(print(expressions.Filter(filter.Offset, filter.Name, input, expressions.Evaluate(filter.Arguments, frame))), output);
                break;
            case MacroStatement macro:
                frame.Declare(macro.Name, Closure(macro.Name, macro.Parameters, macro.Body, frame));
                break;
            case CallStatement call:
                Write(print(RunCall(call, frame)), output);
                break;
            default:
                throw new System.Diagnostics.UnreachableException(statement.GetType().Name);
        }
    }

    private void RunLoop(ForStatement loop, Frame frame, StringBuilder output)
    {
        var items = Items(expressions.Evaluate(loop.Source, frame), loop.Names.Count);
        if (items.Count == 0)
        {
            Run(loop.Otherwise, frame, output);
            return;
        }

        var inner = new Frame(frame);
        for (var i = 0; i < items.Count; i++)
        {
            inner.Declare("loop", LoopState(i, items.Count));
            for (var n = 0; n < loop.Names.Count; n++)
            {
                inner.Declare(loop.Names[n], loop.Names.Count == 1 ? items[i] : Members.Get(items[i], new Number(n), budget));
            }

            Run(loop.Body, inner, output);
        }
    }

    private static IReadOnlyList<TemplateValue> Items(TemplateValue source, int names) => source switch
    {
        ListValue list => list.Items,
        MapValue map when names > 1 => [.. map.Entries.Select(entry => new ListValue([new Text(entry.Key), entry.Value]))],
        MapValue map => [.. map.Entries.Keys.Select(key => new Text(key))],
        Text text => [.. text.Value.Select(c => new Text(c.ToString()))],
        Undefined or Null => [],
        _ => throw new TemplateFault($"\"for\" cannot go through {source.Kind}; it goes through an array, an object or a string"),
    };

    private static MapValue LoopState(int index, int count) => new(new OrderedDictionary<string, TemplateValue>(StringComparer.Ordinal)
    {
        ["index"] = new Number(index + 1),
        ["index0"] = new Number(index),
        ["revindex"] = new Number(count - index),
        ["revindex0"] = new Number(count - index - 1),
        ["first"] = Flag.Of(index == 0),
        ["last"] = Flag.Of(index == count - 1),
        ["length"] = new Number(count),
    });

    private void RunSwitch(SwitchStatement choice, Frame frame, StringBuilder output)
    {
        var value = expressions.Evaluate(choice.Value, frame);
        var matched = choice.Cases
            .SkipWhile(branch => !Coercion.StrictEquals(value, expressions.Evaluate(branch.Condition, frame)))
            .ToList();
        if (matched.Count == 0)
        {
            Run(choice.Otherwise, frame, output);
            return;
        }

        // Falling through needs a case with nothing in it, not even white space.
        Run(matched.Find(branch => branch.Body.Count > 0)?.Body ?? choice.Otherwise, frame, output);
    }

    private TemplateValue RunCall(CallStatement call, Frame frame)
    {
        var arguments = expressions.Evaluate(call.Call.Arguments, frame);
        var caller = Closure("caller", call.Parameters, call.Body, frame);
        var named = new Dictionary<string, TemplateValue>(arguments.Named) { ["caller"] = caller };
        return expressions.Call(call.Call, arguments with { Named = named }, frame);
    }

    private Callable Closure(string name, MacroParameters parameters, IReadOnlyList<Statement> body, Frame definedIn) =>
        new(name, arguments =>
        {
            var frame = new Frame(definedIn, isolatesWrites: true);
            for (var i = 0; i < parameters.Items.Count; i++)
            {
                var (parameter, fallback) = parameters.Items[i];
                var given = arguments.Get(i, parameter);
                frame.Declare(parameter, given is Undefined && fallback is not null ? expressions.Evaluate(fallback, frame) : given);
            }

            if (arguments.Named.TryGetValue("caller", out var caller))
            {
                frame.Declare("caller", caller);
            }

            return new Text(RenderBody(body, frame));
        });

    // A body that becomes a string is always printed as text, also where the whole keeps its type.
    private string RenderBody(IReadOnlyList<Statement> body, Frame frame)
    {
        var output = new StringBuilder();
        var text = new Renderer(source, context, budget, Coercion.Print);
        text.Run(body, frame, output);
        return output.ToString();
    }

    private void Write(string text, StringBuilder output)
    {
        budget.Write(text.Length);
        output.Append(text);
    }
}
