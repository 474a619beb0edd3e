using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Flagstone.Architecture.Tests;

/// <summary>What a project file says about what it stands on. Paths are relative to the repository's root.</summary>
internal sealed record ProjectFile(string Path, IReadOnlyList<string> Projects, IReadOnlyList<string> Packages)
{
    private const string Modules = "src/Modules/";

    public bool IsTest => Path.StartsWith("tests/", StringComparison.Ordinal);

    /// <summary>Benchmarks of pure parts stand on a module as its tests do; the load programs speak to a running platform alone.</summary>
    public bool IsBenchmark => Path.StartsWith("bench/Flagstone.Benchmarks/", StringComparison.Ordinal);

    public bool IsHost => Path.StartsWith("src/Host/", StringComparison.Ordinal);

    public bool IsKernel => IsPlatform(Path) || IsUi(Path);

    public bool IsModule => IsModuleItself(Path);

    public bool IsContract => IsContracts(Path);

    public static bool IsPlatform(string path) => path.StartsWith("src/Platform/", StringComparison.Ordinal);

    public static bool IsUi(string path) => path.StartsWith("src/Ui/", StringComparison.Ordinal);

    public static bool IsContracts(string path) =>
        path.StartsWith(Modules, StringComparison.Ordinal) && path.EndsWith(".Contracts.csproj", StringComparison.Ordinal);

    public static bool IsModuleItself(string path) => path.StartsWith(Modules, StringComparison.Ordinal) && !IsContracts(path);

    /// <summary>Reads a project file; wildcards stand for those of <paramref name="known"/> that they fit.</summary>
    public static ProjectFile Parse(string path, string xml, IReadOnlyList<string> known)
    {
        var items = XDocument.Parse(xml).Descendants().ToList();
        var references = items.Where(e => e.Name.LocalName == "ProjectReference").SelectMany(e =>
        {
            var excluded = Expand(path, e.Attribute("Exclude")?.Value ?? "", known);
            return Expand(path, e.Attribute("Include")?.Value ?? "", known).Except(excluded, StringComparer.Ordinal);
        });
        var packages = items
            .Where(e => e.Name.LocalName is "PackageReference" or "FrameworkReference")
            .Select(e => e.Attribute("Include")?.Value ?? "");
        return new ProjectFile(path, [.. references], [.. packages]);
    }

    private static IEnumerable<string> Expand(string from, string include, IReadOnlyList<string> known)
    {
        foreach (var one in include.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var target = Resolve(from, one);
            if (!target.Contains('*', StringComparison.Ordinal))
            {
                yield return target;
                continue;
            }

            var pattern = "^" + Regex.Escape(target).Replace(@"\*", "[^/]*", StringComparison.Ordinal) + "$";
            foreach (var match in known.Where(k => Regex.IsMatch(k, pattern, RegexOptions.None, TimeSpan.FromSeconds(1))))
            {
                yield return match;
            }
        }
    }

    private static string Resolve(string from, string relative)
    {
        var parts = new List<string>(from.Split('/')[..^1]);
        foreach (var part in relative.Replace('\\', '/').Split('/'))
        {
            if (part == "..")
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }

        return string.Join('/', parts);
    }
}
