using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Flagstone.Testing;

namespace Flagstone.Host.Tests.Peer;

/// <summary>What is asked, and what was answered with all that differs from run to run made equal.</summary>
internal sealed record PeerStep(string Name, string Answer);

/// <summary>A session with kubectl against any server: <c>session.txt</c> says what is asked.</summary>
internal static partial class PeerSession
{
    private const string Command = "$ ";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Peer");

    /// <summary>kubectl 1.32 itself where a dispatcher stands before it that would take another version for an old server.</summary>
    private static string Kubectl => Programs.Has("kubectl.1.32") ? "kubectl.1.32" : File.Exists("/usr/lib/google-cloud-sdk/bin/kubectl.1.32") ? "/usr/lib/google-cloud-sdk/bin/kubectl.1.32" : "kubectl";

    /// <summary>Whether the machine has the kubectl of the recording: another version words its output in another way.</summary>
    public static async Task<bool> HasKubectlAsync(CancellationToken ct) =>
        (Programs.Has(Kubectl) || File.Exists(Kubectl))
        && (await Programs.RunAsync(Kubectl, ["version", "--client"], "", new Dictionary<string, string>(), ct)).Output.Contains("v1.32.", StringComparison.Ordinal);

    public static async Task<IReadOnlyList<PeerStep>> RunAsync(string kubeconfig, CancellationToken ct)
    {
        var home = Directory.CreateTempSubdirectory("flagstone-peer-").FullName;
        var environment = new Dictionary<string, string> { ["KUBECONFIG"] = kubeconfig, ["HOME"] = home };
        var steps = new List<PeerStep>();
        foreach (var (line, input) in Parse(await File.ReadAllLinesAsync(Path.Combine(Folder, "session.txt"), ct)))
        {
            var result = await Programs.RunAsync(Kubectl, ["--namespace", "peer", .. Split(line)], input, environment, ct);
            var times = steps.Count(s => s.Name == line || s.Name.StartsWith(line + " #", StringComparison.Ordinal));
            var name = times == 0 ? line : string.Create(CultureInfo.InvariantCulture, $"{line} #{times + 1}");
            steps.Add(new PeerStep(name, $"exit {result.ExitCode}\n{Normalize(result.Output)}{Normalize(result.Errors)}".TrimEnd()));
        }

        Directory.Delete(home, recursive: true);
        return steps;
    }

    /// <summary>The text of a recording.</summary>
    public static string Write(IEnumerable<PeerStep> steps)
    {
        var text = new StringBuilder();
        foreach (var step in steps)
        {
            text.Append(Command).Append(step.Name).Append('\n').Append(step.Answer).Append("\n\n");
        }

        return text.ToString();
    }

    /// <summary>A recording by the name of its steps.</summary>
    public static IReadOnlyDictionary<string, string> Read(string text) =>
        text.Split($"\n\n{Command}").Select(s => s.StartsWith(Command, StringComparison.Ordinal) ? s[Command.Length..] : s)
            .Select(s => s.Split('\n', 2)).ToDictionary(s => s[0], s => s[1].TrimEnd(), StringComparer.Ordinal);

    private static IEnumerable<(string Line, string Input)> Parse(string[] lines)
    {
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith(Command, StringComparison.Ordinal))
            {
                var input = lines.Skip(i + 1).TakeWhile(l => l.Length > 0).ToList();
                yield return (lines[i][Command.Length..], string.Join('\n', input));
            }
        }
    }

    // Words at blanks; one that begins with a quotation mark ends at the next.
    private static IEnumerable<string> Split(string line) => Words().Matches(line).Select(m => m.Groups[1].Success ? m.Groups[1].Value : m.Value);

    private static string Normalize(string text)
    {
        if (text.TrimStart().StartsWith('{'))
        {
            // A watch answers one document a line.
            try
            {
                return string.Concat(Documents(text).Select(d => Mask(Sorted(d)!.ToJsonString(Indented)) + "\n"));
            }
            catch (JsonException)
            {
                return Mask(text);
            }
        }

        return Blanks().Replace(Mask(text), "  ");
    }

    private static List<JsonNode> Documents(string text)
    {
        try
        {
            return [JsonNode.Parse(text)!];
        }
        catch (JsonException)
        {
            return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!)];
        }
    }

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create(m.Key, Sorted(m.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        _ => node?.DeepClone(),
    };

    private static string Mask(string text)
    {
        text = Uid().Replace(text, "UID");
        text = Moment().Replace(text, "TIME");
        text = Version().Replace(text, "$1\"VERSION\"");
        text = Token().Replace(text, "$1\"TOKEN\"");
        text = Generated().Replace(text, "gen-RANDOM");
        text = Server().Replace(text, "SERVER");
        return Age().Replace(text, "AGE");
    }

    [GeneratedRegex("""(?<= |^)"([^"]*)"(?= |$)|[^ ]+""")]
    private static partial Regex Words();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Uid();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")]
    private static partial Regex Moment();

    [GeneratedRegex("""("resourceVersion": ?)"\d+"|(?<=VERSION )\d+""")]
    private static partial Regex Version();

    [GeneratedRegex("""("continue": ?)"[^"]+"|(?<=continue=)\S+""")]
    private static partial Regex Token();

    [GeneratedRegex("gen-[a-z0-9]{5}")]
    private static partial Regex Generated();

    [GeneratedRegex(@"127\.0\.0\.1:\d+")]
    private static partial Regex Server();

    [GeneratedRegex(@"(?<= )(\d+m(\d+s)?|\d+s)(?=\n|$)|(?<=  )(\d+m(\d+s)?|\d+s)(?= )")]
    private static partial Regex Age();

    [GeneratedRegex(" {2,}")]
    private static partial Regex Blanks();
}
