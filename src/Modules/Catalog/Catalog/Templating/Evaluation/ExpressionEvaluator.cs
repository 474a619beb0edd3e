using Flagstone.Catalog.Templating.Filters;
using Flagstone.Catalog.Templating.Syntax;
using Flagstone.Catalog.Templating.Values;

namespace Flagstone.Catalog.Templating.Evaluation;

/// <summary>Evaluates expressions over the names of a template and of its context.</summary>
internal sealed class ExpressionEvaluator(SourceText source, TemplateContext context, Budget budget)
{
    private readonly Globals globals = new(budget);
    private readonly FilterContext filters = new(budget, context.Seed);

    public TemplateValue Evaluate(Expression expression, Frame frame)
    {
        try
        {
            budget.Spend();
            budget.Enter();
            var value = Dispatch(expression, frame);
            budget.Leave();
            return value;
        }
        catch (TemplateFault fault)
        {
            throw source.Error(expression.Offset, fault.Message);
        }
    }

    public Arguments Evaluate(ArgumentList list, Frame frame) => list.Positional.Count + list.Named.Count == 0
        ? Arguments.None
        : new Arguments(
            [.. list.Positional.Select(argument => Evaluate(argument, frame))],
            list.Named.ToDictionary(pair => pair.Name, pair => Evaluate(pair.Value, frame)));

    public TemplateValue Filter(int offset, string name, TemplateValue input, Arguments arguments)
    {
        if (!FilterTable.All.TryGetValue(name, out var filter))
        {
            throw source.Error(offset, $"Unknown template filter \"{name}\"");
        }

        try
        {
            return filter(input, arguments, filters);
        }
        catch (TemplateFault fault)
        {
            throw source.Error(offset, $"Filter \"{name}\" failed for {input.Kind} input: {fault.Message}");
        }
    }

    private TemplateValue Dispatch(Expression expression, Frame frame) => expression switch
    {
        LiteralExpression literal => literal.Value,
        NameExpression name => Find(name.Name, frame),
        MemberExpression member => Members.Get(Evaluate(member.Target, frame), Evaluate(member.Key, frame), budget),
        FilterExpression filter =>
            Filter(filter.Offset, filter.Name, Evaluate(filter.Input, frame), Evaluate(filter.Arguments, frame)),
        TestExpression test => Test(test, frame),
        CallExpression call => Call(call, Evaluate(call.Arguments, frame), frame),
        UnaryExpression unary => Unary(unary, frame),
        BinaryExpression binary => Binary(binary, frame),
        ConditionalExpression conditional => Conditional(conditional, frame),
        ListExpression list => new ListValue([.. list.Items.Select(item => Evaluate(item, frame))]),
        MapExpression map => Map(map, frame),
        _ => throw new System.Diagnostics.UnreachableException(expression.GetType().Name),
    };

    public TemplateValue Call(CallExpression call, Arguments arguments, Frame frame) =>
        Evaluate(call.Target, frame) is Callable callable
            ? callable.Invoke(arguments)
            : throw source.Error(call.Offset, $"{Describe(call.Target)} is not a function");

    private TemplateValue Find(string name, Frame frame) =>
        frame.Find(name) ?? context.Find(name) ?? globals.Find(name);

    private Flag Test(TestExpression test, Frame frame)
    {
        if (!Tests.All.TryGetValue(test.Name, out var predicate))
        {
            throw source.Error(test.Offset, $"Unknown test \"{test.Name}\"");
        }

        return Flag.Of(predicate(Evaluate(test.Input, frame), Evaluate(test.Arguments, frame)));
    }

    private TemplateValue Unary(UnaryExpression unary, Frame frame)
    {
        var operand = Evaluate(unary.Operand, frame);
        return unary.Operator switch
        {
            "not" => Flag.Of(!Coercion.IsTruthy(operand)),
            "-" => new Number(-Coercion.ToNumber(operand)),
            _ => new Number(Coercion.ToNumber(operand)),
        };
    }

    private TemplateValue Binary(BinaryExpression binary, Frame frame)
    {
        var left = Evaluate(binary.Left, frame);
        return binary.Operator switch
        {
            "or" => Coercion.IsTruthy(left) ? left : Evaluate(binary.Right, frame),
            "and" => Coercion.IsTruthy(left) ? Evaluate(binary.Right, frame) : left,
            _ => Operators.Apply(binary.Operator, left, Evaluate(binary.Right, frame), budget),
        };
    }

    private TemplateValue Conditional(ConditionalExpression conditional, Frame frame)
    {
        if (Coercion.IsTruthy(Evaluate(conditional.Condition, frame)))
        {
            return Evaluate(conditional.Body, frame);
        }

        return conditional.Otherwise is null ? Text.Empty : Evaluate(conditional.Otherwise, frame);
    }

    private MapValue Map(MapExpression map, Frame frame)
    {
        var entries = new OrderedDictionary<string, TemplateValue>(StringComparer.Ordinal);
        foreach (var (key, value) in map.Entries)
        {
            entries[Coercion.ToText(Evaluate(key, frame))] = Evaluate(value, frame);
        }

        return new MapValue(entries);
    }

    private static string Describe(Expression target) => target switch
    {
        NameExpression name => $"\"{name.Name}\"",
        MemberExpression { Key: LiteralExpression { Value: Text key } } => $"\"{key.Value}\"",
        _ => "The value",
    };
}
