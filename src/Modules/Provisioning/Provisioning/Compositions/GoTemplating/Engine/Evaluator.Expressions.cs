using System.Runtime.CompilerServices;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

internal sealed partial class Evaluator
{
    // Stands for "no value is piped in", which differs from a piped nil.
    private static readonly object NotPiped = new();

    private object? Pipeline(PipeNode pipe, object? dot)
    {
        at = pipe;
        var value = NotPiped;
        foreach (var command in pipe.Commands)
        {
            // A nil that leaves a command is no value at all: its fields are missing, not an error.
            value = Command(command, dot, value) ?? Missing.Value;
        }

        foreach (var name in pipe.Variables)
        {
            if (pipe.Assigns)
            {
                Assign(name, value);
            }
            else
            {
                variables.Add((name, value));
            }
        }

        return value;
    }

    private object? Command(CommandNode command, object? dot, object? piped)
    {
        Execution.Budget.Spend();
        var first = command.Arguments[0];
        switch (first)
        {
            case FieldNode field:
                return Fields(field, dot, field.Names, 0, command.Arguments.Count > 1 || piped != NotPiped, dot);
            case ChainNode chain:
                return Chain(chain, dot, command.Arguments.Count > 1 || piped != NotPiped);
            case IdentifierNode identifier:
                return CallFunction(identifier, command, command.Arguments.Skip(1).ToList(), dot, piped);
            case PipeNode inner:
                CheckNoArguments(command, piped);
                return Pipeline(inner, dot);
            case VariableNode variable:
                return Variable(variable, command.Arguments.Count > 1 || piped != NotPiped);
            default:
                break;
        }

        at = first;
        CheckNoArguments(command, piped);
        return first switch
        {
            DotNode => dot,
            ConstantNode constant => constant.Value,
            _ => throw Fail("nil is not a command"),
        };
    }

    private void CheckNoArguments(CommandNode command, object? piped)
    {
        if (command.Arguments.Count > 1 || piped != NotPiped)
        {
            throw Fail($"can't give argument to non-function {command.Arguments[0]}");
        }
    }

    private object? Variable(VariableNode node, bool hasArguments)
    {
        at = node;
        var value = variables.FindLast(v => v.Name == node.Names[0]).Value;
        if (node.Names.Count > 1)
        {
            return Fields(node, value, node.Names, 1, hasArguments, value);
        }

        return hasArguments ? throw Fail($"can't give argument to non-function {node}") : value;
    }

    private object? Chain(ChainNode chain, object? dot, bool hasArguments)
    {
        at = chain;
        var value = chain.Of switch
        {
            PipeNode pipe => Pipeline(pipe, dot),
            IdentifierNode identifier => CallFunction(identifier, identifier, [], dot, NotPiped),
            _ => throw Fail($"indirection through explicit nil in {chain}"),
        };
        return Fields(chain, value, chain.Names, 0, hasArguments, value);
    }

    /// <param name="origin">Where the chain begins: a nil further in was found in a map, and is an error.</param>
    private object? Fields(Node node, object? receiver, IReadOnlyList<string> names, int from, bool hasArguments, object? origin)
    {
        at = node;
        for (var i = from; i < names.Count; i++)
        {
            Execution.Budget.Spend();
            receiver = Field(receiver, names[i], hasArguments && i == names.Count - 1, i > from || ReferenceEquals(origin, null));
        }

        return receiver;
    }

    private object? Field(object? receiver, string name, bool hasArguments, bool isInterface)
    {
        switch (receiver)
        {
            case Missing:
                return missingKey == MissingKey.Error ? throw Fail($"nil data; no entry for key {GoFormat.Quote(name)}") : receiver;
            case null:
                throw Fail($"nil pointer evaluating interface {{}}.{name}");
            case GoMap when hasArguments:
                throw Fail($"{name} is not a method but has arguments");
            case GoMap map when map.TryGetValue(name, out var value):
                return value;
            case GoMap:
                return missingKey switch
                {
                    MissingKey.Zero => null,
                    MissingKey.Error => throw Fail($"map has no entry for key {GoFormat.Quote(name)}"),
                    _ => Missing.Value,
                };
            default:
                throw Fail($"can't evaluate field {name} in type {(isInterface ? "interface {}" : GoValue.TypeOf(receiver))}");
        }
    }

    /// <param name="whole">The call with its arguments: what an error of the function shows.</param>
    private object? CallFunction(IdentifierNode node, Node whole, List<Node> arguments, object? dot, object? piped)
    {
        at = node;
        var function = template.Functions[node.Name];
        if (node.Name is "and" or "or" && arguments.Count > 0)
        {
            return ShortCircuit(arguments, dot, piped, stopsAt: node.Name == "or");
        }

        var count = arguments.Count + (piped == NotPiped ? 0 : 1);
        if (!function.Takes(count))
        {
            throw Fail($"wrong number of args for {node.Name}: want {function.Wanted} got {count}");
        }

        var values = new List<object?>(count);
        foreach (var argument in arguments)
        {
            values.Add(Argument(argument, function.ParameterAt(values.Count), dot));
        }

        if (piped != NotPiped)
        {
            values.Add(Checked(piped, function.ParameterAt(values.Count)));
        }

        at = whole;
        values.ForEach(Execution.Budget.Look);
        try
        {
            // What a function does with its values goes as deep as they are nested.
            RuntimeHelpers.EnsureSufficientExecutionStack();
            var result = function.Body(new Call(values, this));
            Charge(result);
            return result;
        }
        catch (FatalResultException failure) when (failure is CallFailure or TemplateException)
        {
            at = whole;
            throw Fail($"error calling {node.Name}: {failure.Message}");
        }
        catch (InsufficientExecutionStackException)
        {
            throw Fail($"error calling {node.Name}: calls are nested too deeply");
        }
    }

    private void Charge(object? result)
    {
        if (result is string text)
        {
            Execution.Budget.Text(text.Length);
        }
        else if (result is List<object?> list)
        {
            Execution.Budget.Items(list.Count);
        }
        else if (result is GoMap map)
        {
            Execution.Budget.Spend(map.Count);
        }
    }

    /// <summary>The first argument that decides, else the last; what follows is not evaluated.</summary>
    private object? ShortCircuit(List<Node> arguments, object? dot, object? piped, bool stopsAt)
    {
        object? value = null;
        foreach (var argument in arguments)
        {
            value = Argument(argument, Parameter.Any, dot);
            if (GoValue.Truth(value) == stopsAt)
            {
                return value;
            }
        }

        return piped == NotPiped ? value : Checked(piped, Parameter.Any);
    }

    private object? Argument(Node node, Parameter parameter, object? dot)
    {
        at = node;
        switch (node)
        {
            case DotNode:
                return Checked(dot, parameter);
            case NilNode:
                return parameter is Parameter.Any or Parameter.Map ? null : throw Fail($"cannot assign nil to {NameOf(parameter)}");
            case FieldNode field:
                return Checked(Fields(field, dot, field.Names, 0, hasArguments: false, dot), parameter);
            case VariableNode variable:
                return Checked(Variable(variable, hasArguments: false), parameter);
            case PipeNode pipe:
                return Checked(Pipeline(pipe, dot), parameter);
            case IdentifierNode identifier:
                return Checked(CallFunction(identifier, identifier, [], dot, NotPiped), parameter);
            case ChainNode chain:
                return Checked(Chain(chain, dot, hasArguments: false), parameter);
            case ConstantNode constant:
                return Constant(constant, parameter);
            default:
                throw Fail($"can't handle {node} for arg of type {NameOf(parameter)}");
        }
    }

    private object Constant(ConstantNode constant, Parameter parameter) => (parameter, constant.Value) switch
    {
        (Parameter.Any, _) or (Parameter.Text, string) or (Parameter.Integer, long) or (Parameter.Float, double) or (Parameter.Boolean, bool) => constant.Value,
        (Parameter.Float, long whole) => (double)whole,
        (Parameter.Integer, double number) when Math.Floor(number) == number && Math.Abs(number) < long.MaxValue => (long)number,
        (Parameter.Integer, _) => throw Fail($"expected integer; found {constant}"),
        (Parameter.Text or Parameter.Float or Parameter.Boolean, _) => throw Fail($"expected {NameOf(parameter).Replace("float64", "float", StringComparison.Ordinal)}; found {constant}"),
        _ => throw Fail($"can't handle {constant} for arg of type {NameOf(parameter)}"),
    };

    private object? Checked(object? value, Parameter parameter) => (parameter, value) switch
    {
        (Parameter.Any, Missing) or (Parameter.Map, Missing) => null,
        (Parameter.Any, _) or (Parameter.Text, string) or (Parameter.Integer, long) or (Parameter.Float, double) or (Parameter.Boolean, bool)
            or (Parameter.Map, GoMap) or (Parameter.Time, DateTimeOffset) => value,
        (_, Missing) => throw Fail($"invalid value; expected {NameOf(parameter)}"),
        (_, null) => throw Fail($"wrong type for value; expected {NameOf(parameter)}; got interface {{}}"),
        _ => throw Fail($"wrong type for value; expected {NameOf(parameter)}; got {GoValue.TypeOf(value)}"),
    };

    private static string NameOf(Parameter parameter) => parameter switch
    {
        Parameter.Text => "string",
        Parameter.Integer => "int",
        Parameter.Float => "float64",
        Parameter.Boolean => "bool",
        Parameter.Map => "map[string]interface {}",
        Parameter.Time => "time.Time",
        _ => "interface {}",
    };
}
