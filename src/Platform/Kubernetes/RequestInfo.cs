using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Kubernetes;

/// <summary>What a path of the Kubernetes API asks for: <c>/apis/GROUP/VERSION[/namespaces/NS]/PLURAL[/NAME[/SUBRESOURCE]]</c>.</summary>
internal readonly record struct RequestInfo(string Group, string Version, string Namespace, string Plural, string Name, string Subresource)
{
    private const int MaxSegments = 8;

    public static bool TryParse(string path, out RequestInfo info)
    {
        info = default;
        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (segments.Length > MaxSegments || !TryGroup(segments, out var group, out var version, out var rest))
        {
            return false;
        }

        var ns = "";
        // A namespace is a scope only when something follows that is not a subresource of the namespace itself.
        if (rest is ["namespaces", var scope, not ("status" or "finalize"), ..])
        {
            ns = scope;
            rest = rest[2..];
        }

        if (rest is not ([_] or [_, _] or [_, _, _]))
        {
            return false;
        }

        info = new RequestInfo(
            group, version, Decode(ns), rest[0], rest.Length > 1 ? Decode(rest[1]) : "", rest.Length > 2 ? rest[2] : "");
        return true;
    }

    public KindDefinition? Find(KindRegistry kinds) => kinds.Find(Group, Version, Plural);

    private static bool TryGroup(string[] segments, out string group, out string version, out string[] rest)
    {
        (group, version, rest) = segments switch
        {
            ["api", var v, .. var tail] => ("", v, tail),
            ["apis", var g, var v, .. var tail] => (g, v, tail),
            _ => ("", "", []),
        };
        return rest.Length > 0;
    }

    private static string Decode(string segment) => segment.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(segment) : segment;
}
