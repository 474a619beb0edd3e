using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Providers.Process.Toolchains;

/// <summary>How a Node.js package is started: the arguments of <c>node</c>.</summary>
internal static class NodeEntry
{
    private static readonly System.Buffers.SearchValues<char> Shell = System.Buffers.SearchValues.Create("&|;<>$`()\"'\\*?");

    /// <summary>A start script of <c>node ...</c>, else <c>main</c>, else <c>server.js</c>; null, with the reason, when it needs a shell.</summary>
    public static (IReadOnlyList<string>? Arguments, string? Problem) Of(string packageJson)
    {
        JsonNode? package;
        try
        {
            package = JsonNode.Parse(packageJson);
        }
        catch (JsonException e)
        {
            return (null, $"package.json is not JSON: {e.Message}");
        }

        var start = package.At("scripts").Text("start");
        if (start.Length == 0)
        {
            return ([package.Text("main") is { Length: > 0 } main ? main : "server.js"], null);
        }

        var words = start.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words is ["node", _, ..] && !start.AsSpan().ContainsAny(Shell)
            ? (words[1..], null)
            : (null, $"The start script of package.json is '{start}', and no shell runs it. Make it 'node FILE ARGUMENTS'.");
    }
}
