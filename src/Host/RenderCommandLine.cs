using Flagstone.Provisioning;
using Flagstone.Provisioning.Compositions.Offline;

namespace Flagstone.Host;

/// <summary><c>flagstone render</c>: the flags are those of <c>crossplane render</c>, so that a call of the one can be a call of the other.</summary>
internal static class RenderCommandLine
{
    public const string Command = "render";

    private const string Usage = """
        Shows what a composition makes of a composite, as 'crossplane render' does. Nothing runs, is stored or is called but functions that you run.

        Usage:
          flagstone render XR COMPOSITION [FUNCTIONS] [FLAGS]

          XR           file with one composite, or with one claim where --xrd is given
          COMPOSITION  file with one Composition, of mode Pipeline or Resources
          FUNCTIONS    file or folder with Functions: only for those that are not built in. A Function names where it listens in the annotation
                       render.crossplane.io/runtime-development-target: HOST:PORT

        Flags:
          --xrd FILE                      the CompositeResourceDefinition: its defaults are applied, and its scope counts
          -o, --observed-resources PATH   composed resources as they are, each with the annotation crossplane.io/composition-resource-name
          -e, --required-resources PATH   what functions may require besides, such as EnvironmentConfigs (also --extra-resources); may be repeated
          --function-credentials PATH     the Secrets of the steps' credentials
          --context-files KEY=FILE        the context at KEY is the JSON in FILE; may be repeated
          --context-values KEY=JSON       the context at KEY is JSON; may be repeated
          -r, --include-function-results  print the functions' results too
          -x, --include-full-xr           print the composite with its own metadata and spec
          -c, --include-context           print the context too
          --timeout DURATION              1m unless given

        PATH is a file, or a folder whose .yaml, .yml and .json files are read. It returns 0 with YAML on the standard output, 1 when it cannot be rendered,
        and 2 when it does not understand the command line.
        """;

    /// <summary>The flags that take a value, with what the value does.</summary>
    private static readonly Dictionary<string, Func<RenderArguments, string, RenderArguments?>> Valued = new(StringComparer.Ordinal)
    {
        ["--xrd"] = (a, v) => a with { Definition = v },
        ["-o"] = Observed,
        ["--observed-resources"] = Observed,
        ["-e"] = Required,
        ["--extra-resources"] = Required,
        ["--required-resources"] = Required,
        ["--function-credentials"] = (a, v) => a with { Credentials = v },
        ["--context-files"] = (a, v) => Pair(v) is { } pair ? a with { ContextFiles = [.. a.ContextFiles, pair] } : null,
        ["--context-values"] = (a, v) => Pair(v) is { } pair ? a with { ContextValues = [.. a.ContextValues, pair] } : null,
        ["--timeout"] = (a, v) => RenderArguments.TryReadTimeout(v, out var timeout) ? a with { Timeout = timeout } : null,
    };

    private static readonly Dictionary<string, Func<RenderArguments, RenderArguments>> Switches = new(StringComparer.Ordinal)
    {
        ["-r"] = Results,
        ["--include-function-results"] = Results,
        ["-x"] = Full,
        ["--include-full-xr"] = Full,
        ["-c"] = Context,
        ["--include-context"] = Context,
    };

    /// <param name="args">What follows the word <c>render</c>.</param>
    public static CommandLine Read(IReadOnlyList<string> args)
    {
        if (args.Any(a => a is "--help" or "-h"))
        {
            return new CommandLine.About(Usage);
        }

        var (words, arguments) = (new List<string>(), new RenderArguments("", ""));
        for (var i = 0; i < args.Count; i++)
        {
            var (name, value) = Split(args[i]);
            if (!args[i].StartsWith('-'))
            {
                words.Add(args[i]);
            }
            else if (value is null && Turn(name) is { } turns)
            {
                arguments = turns.Aggregate(arguments, (a, turn) => turn(a));
            }
            else if (!Valued.TryGetValue(name, out var set))
            {
                return new CommandLine.Wrong($"'render' has no flag '{args[i]}'. 'flagstone render --help' lists them.");
            }
            else if (value is null && (i + 1 == args.Count || args[i + 1].StartsWith('-')))
            {
                return new CommandLine.Wrong($"The flag '{name}' needs a value. 'flagstone render --help' says which.");
            }
            else if (set(arguments, value ?? args[++i]) is { } next)
            {
                arguments = next;
            }
            else
            {
                return new CommandLine.Wrong($"The flag '{name}' does not take '{value ?? args[i]}'. 'flagstone render --help' says what it takes.");
            }
        }

        return words switch
        {
            [var composite, var composition] => new CommandLine.Render(arguments with { Composite = composite, Composition = composition }),
            [var composite, var composition, var functions] =>
                new CommandLine.Render(arguments with { Composite = composite, Composition = composition, Functions = functions }),
            [_, _, _, var more, ..] => new CommandLine.Wrong($"'render' takes three files, and '{more}' is one more. 'flagstone render --help' shows how it is called."),
            _ => new CommandLine.Wrong("'render' needs a composite and a composition: flagstone render XR COMPOSITION [FUNCTIONS] [FLAGS]"),
        };
    }

    /// <summary>The exit code; the YAML goes to the standard output, a refusal to the standard error.</summary>
    public static async Task<int> RunAsync(RenderArguments arguments, CancellationToken ct)
    {
        switch (await ProvisioningModule.RenderAsync(arguments, ct))
        {
            case Rendered rendered:
                await Console.Out.WriteAsync(rendered.Yaml);
                return 0;
            case RenderRefused refused:
                await Console.Error.WriteLineAsync($"flagstone: {refused.Why}");
                return 1;
            case var other:
                throw new System.Diagnostics.UnreachableException($"A rendering ended as {other.GetType().Name}.");
        }
    }

    /// <summary>What a switch does, or several short ones in one word such as <c>-rx</c>; null when it is none.</summary>
    private static List<Func<RenderArguments, RenderArguments>>? Turn(string word)
    {
        string[] names = word.StartsWith("--", StringComparison.Ordinal) ? [word] : [.. word.Skip(1).Select(c => $"-{c}")];
        var turns = names.Select(n => Switches.GetValueOrDefault(n)).OfType<Func<RenderArguments, RenderArguments>>().ToList();
        return turns.Count > 0 && turns.Count == names.Length ? turns : null;
    }

    private static RenderArguments Observed(RenderArguments arguments, string value) => arguments with { Observed = value };

    private static RenderArguments Required(RenderArguments arguments, string value) => arguments with { Required = [.. arguments.Required, value] };

    private static RenderArguments Results(RenderArguments arguments) => arguments with { IncludesResults = true };

    private static RenderArguments Full(RenderArguments arguments) => arguments with { IncludesFullComposite = true };

    private static RenderArguments Context(RenderArguments arguments) => arguments with { IncludesContext = true };

    /// <summary>The flag, and its value where it is written behind an equals sign.</summary>
    private static (string Name, string? Value) Split(string argument) =>
        argument.StartsWith("--", StringComparison.Ordinal) && argument.IndexOf('=', StringComparison.Ordinal) is > 0 and var at
            ? (argument[..at], argument[(at + 1)..]) : (argument, null);

    private static KeyValuePair<string, string>? Pair(string text) =>
        text.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? KeyValuePair.Create(text[..at], text[(at + 1)..]) : null;
}
