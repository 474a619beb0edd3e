using System.Reflection;
using Flagstone.Platform;
using Flagstone.Provisioning.Compositions.Offline;

namespace Flagstone.Host;

/// <summary>What the command line asks for, read before anything is made: a word that is not known starts no server.</summary>
internal abstract record CommandLine
{
    private CommandLine()
    {
    }

    /// <summary>The flags and settings, each with its value, as the configuration reads them.</summary>
    public IReadOnlyList<string> Settings { get; private init; } = [];

    /// <summary>Run the platform.</summary>
    public sealed record Serve : CommandLine;

    /// <summary><c>flagstone export FILE</c> or <c>flagstone import FILE</c>.</summary>
    public sealed record Transfer(bool Exports, string File) : CommandLine;

    /// <summary><c>flagstone render XR COMPOSITION [FUNCTIONS]</c>.</summary>
    public sealed record Render(RenderArguments Arguments) : CommandLine;

    /// <summary>Say something about the program itself.</summary>
    public sealed record About(string Text) : CommandLine;

    /// <summary>Not understood; the text says what and why.</summary>
    public sealed record Wrong(string Text) : CommandLine;

    private const string Export = "export";
    private const string Import = "import";

    /// <summary>The sections that a setting may name in full; the environment has them too.</summary>
    private static readonly string[] Sections = [PlatformOptions.Section, "Logging"];

    /// <summary>The short flags, with the settings that they stand for.</summary>
    public static IReadOnlyDictionary<string, string> Flags { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["--data"] = "Flagstone:Data",
        ["--database"] = "Flagstone:Database",
        ["--address"] = "Flagstone:Address",
        ["--port"] = "Flagstone:Port",
        ["--k8s-port"] = "Flagstone:KubernetesPort",
        ["--apps-port"] = "Flagstone:AppsPort",
        ["--temporal-port"] = "Flagstone:TemporalPort",
        ["--silo-address"] = "Flagstone:SiloAddress",
        ["--silo-port"] = "Flagstone:SiloPort",
    };

    private static string Usage { get; } = """
        Flagstone, an internal developer platform in one process.

        Usage:
          flagstone [FLAGS]                runs the platform until SIGTERM
          flagstone export FILE [FLAGS]    writes a stopped installation to a new zip file, which holds its keys
          flagstone import FILE [FLAGS]    takes such a file into a new data folder and an empty database
          flagstone render XR COMPOSITION  shows what a composition makes of a composite, and runs nothing; 'render --help' has its flags
          flagstone --help | --version

        Flags, with the environment variables that do the same:
          --data DIR               Flagstone__Data            the data folder (data); it is made when it is not there
          --database sqlite|URL    Flagstone__Database        the store (sqlite), or postgresql://USER@HOST:PORT/DATABASE with the
                                                              password in PGPASSWORD or PGPASSFILE
          --address ADDRESS        Flagstone__Address         where all ports listen (127.0.0.1)
          --port N                 Flagstone__Port            console, REST API, Git, log, metrics, health (8080)
          --k8s-port N             Flagstone__KubernetesPort  the Kubernetes API, TLS (6443)
          --apps-port N            Flagstone__AppsPort        the services (8081)
          --temporal-port N        Flagstone__TemporalPort    Temporal's gRPC API (7233)
          --silo-address ADDRESS   Flagstone__SiloAddress     team mode: where the other processes reach this one (127.0.0.1)
          --silo-port N            Flagstone__SiloPort        the silo's port (0: a free one, which is kept)
          --Flagstone:KEY=VALUE    Flagstone__KEY             any other setting; docs/operations/install.md lists them

        It returns 0 after an orderly stop, 1 after a failure that it names, and 2 when it does not understand the command line.
        """;

    public static CommandLine Read(IReadOnlyList<string> args)
    {
        if (args.Count > 0 && args[0] == RenderCommandLine.Command)
        {
            return RenderCommandLine.Read([.. args.Skip(1)]);
        }

        if (args.Any(a => a is "--help" or "-h" or "help"))
        {
            return new About(Usage);
        }

        if (args.Contains("--version"))
        {
            return new About($"flagstone {typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion}");
        }

        var (words, settings) = (new List<string>(), new List<string>());
        for (var i = 0; i < args.Count; i++)
        {
            if (!args[i].StartsWith('-'))
            {
                words.Add(args[i]);
                continue;
            }

            if (!IsSetting(args[i].Split('=', 2)[0]))
            {
                return new Wrong($"There is no flag '{args[i]}'. 'flagstone --help' lists them.");
            }

            settings.Add(args[i]);
            if (args[i].Contains('=', StringComparison.Ordinal))
            {
                continue;
            }

            if (i + 1 == args.Count || args[i + 1].StartsWith("--", StringComparison.Ordinal))
            {
                return new Wrong($"The flag '{args[i]}' needs a value. 'flagstone --help' says which.");
            }

            settings.Add(args[++i]);
        }

        return Command(words) with { Settings = settings };
    }

    private static CommandLine Command(List<string> words) => words switch
    {
        [] => new Serve(),
        [Export or Import, { Length: > 0 } file] => new Transfer(words[0] == Export, file),
        [Export or Import] or [Export or Import, ""] => new Wrong($"'{words[0]}' needs a file: flagstone {words[0]} FILE --data DIR [--database URL]"),
        [Export or Import, _, var more, ..] => new Wrong($"'{words[0]}' takes one file, and '{more}' is one more. 'flagstone --help' shows how it is called."),
        [RenderCommandLine.Command, ..] => new Wrong("'render' has flags of its own and comes first: flagstone render XR COMPOSITION [FLAGS]"),
        [var other, ..] => new Wrong($"There is no command '{other}'. 'flagstone --help' lists them."),
    };

    private static bool IsSetting(string name) =>
        Flags.ContainsKey(name) || Sections.Any(s => name.StartsWith($"--{s}:", StringComparison.OrdinalIgnoreCase) && name.Length > s.Length + 3);
}
