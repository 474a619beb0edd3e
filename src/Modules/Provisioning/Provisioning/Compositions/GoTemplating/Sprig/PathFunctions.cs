using System.Text.RegularExpressions;
using Flagstone.Provisioning.Compositions.GoTemplating.Engine;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Sprig;

/// <summary>Sprig's functions of paths and URLs; they only read the text.</summary>
internal static partial class PathFunctions
{
    private static readonly string[] Parts = ["scheme", "userinfo", "host", "path", "query", "fragment"];

    public static FunctionTable Table { get; } = new FunctionTable
    {
        { "base", "string", c => Base(c.Text(0)) },
        { "dir", "string", c => Clean(c.Text(0)[..(c.Text(0).LastIndexOf('/') + 1)]) },
        { "clean", "string", c => Clean(c.Text(0)) },
        { "ext", "string", c => Base(c.Text(0)) is var name && name.LastIndexOf('.') is >= 0 and var dot ? name[dot..] : "" },
        { "isAbs", "string", c => c.Text(0).StartsWith('/') },
        { "urlParse", "string", c => Parse(c.Text(0)) },
        { "urlJoin", "map", c => Join(c.Map(0)) },
    }.Also(("osBase", "base"), ("osDir", "dir"), ("osClean", "clean"), ("osExt", "ext"), ("osIsAbs", "isAbs"));

    private static string Base(string path)
    {
        var trimmed = path.TrimEnd('/');
        return path.Length == 0 ? "." : trimmed.Length == 0 ? "/" : trimmed[(trimmed.LastIndexOf('/') + 1)..];
    }

    private static string Clean(string path)
    {
        var rooted = path.StartsWith('/');
        var kept = new List<string>();
        foreach (var part in path.Split('/').Where(p => p is not ("" or ".")))
        {
            if (part == ".." && kept.Count > 0 && kept[^1] != "..")
            {
                kept.RemoveAt(kept.Count - 1);
            }
            else if (part != ".." || !rooted)
            {
                kept.Add(part);
            }
        }

        var text = (rooted ? "/" : "") + string.Join('/', kept);
        return text.Length == 0 ? "." : text;
    }

    private static GoMap Parse(string url)
    {
        var match = Url().Match(url);
        if (!match.Success)
        {
            throw new CallFailure($"unable to parse url: {GoFormat.Quote(url)}");
        }

        var map = new GoMap { ["opaque"] = "" };
        foreach (var part in Parts)
        {
            map[part] = match.Groups[part].Value;
        }

        var host = match.Groups["host"].Value;
        map["hostname"] = Port().Replace(host, "").Trim('[', ']');
        return map;
    }

    private static string Join(GoMap map)
    {
        string Part(string name, string before = "", string after = "") => Casts.Text(map.GetValueOrDefault(name, "")) is { Length: > 0 } text ? before + text + after : "";
        var authority = Part("userinfo", after: "@") + Part("host");
        return Part("scheme", after: ":") + (authority.Length > 0 ? "//" + authority : "") + Part("opaque") + Part("path") + Part("query", before: "?") + Part("fragment", before: "#");
    }

    [GeneratedRegex(
        @"^(?:(?<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?://(?:(?<userinfo>[^/?#@]*)@)?(?<host>[^/?#]*))?(?<path>[^?#]*)(?:\?(?<query>[^#]*))?(?:#(?<fragment>.*))?\z",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Url();

    [GeneratedRegex(@":[0-9]*\z", RegexOptions.NonBacktracking, Timeout.Infinite)]
    private static partial Regex Port();
}
