using System.Globalization;
using System.Text.RegularExpressions;

namespace Flagstone.Architecture.Tests;

/// <summary>What sources may say. Each rule returns its violations as sentences, none when all is well.</summary>
internal static partial class SourceRules
{
    /// <summary>The one grain interface that modules outside the kernel derive from.</summary>
    private const string SharedGrain = "IReconcileGrain";

    /// <summary>A wait without end for a cancellation is no sleep.</summary>
    public static IEnumerable<string> Sleeps(IEnumerable<SourceFile> tests) =>
        from file in tests
        from Match match in Sleep().Matches(file.Text)
        select $"{file.Path}:{Line(file.Text, match.Index)} sleeps; advance the clock, or await what the test waits for.";

    /// <summary>What is clicked on a page before it is live does nothing, and only on a busy machine.</summary>
    public static IEnumerable<string> RawNavigations(IEnumerable<SourceFile> tests) =>
        from file in tests
        from Match match in RawNavigation().Matches(file.Text)
        select $"{file.Path}:{Line(file.Text, match.Index)} opens a page that may not be live yet; use Browser.GoAsync.";

    public static IEnumerable<string> PublicGrains(IEnumerable<SourceFile> sources) =>
        from file in sources
        from Match match in GrainInterface().Matches(file.Text)
        where match.Groups["access"].Value != "internal" && match.Groups["name"].Value != SharedGrain
        select $"{file.Path}:{Line(file.Text, match.Index)}: {match.Groups["name"].Value} is not internal; other modules see the contract, never a grain.";

    public static IEnumerable<string> Slugs(IEnumerable<SourceFile> sources) =>
        sources.SelectMany(f => ProblemSlug().Matches(f.Text)).Select(m => m.Groups["slug"].Value).Distinct(StringComparer.Ordinal);

    /// <param name="slugs">What the sources answer.</param>
    /// <param name="pages">The names of the pages in docs/problems, without ending.</param>
    public static IEnumerable<string> ProblemPages(IReadOnlyCollection<string> slugs, IReadOnlyCollection<string> pages) =>
        slugs.Except(pages, StringComparer.Ordinal).Select(s => $"The problem '{s}' has no page docs/problems/{s}.md.")
            .Concat(pages.Except(slugs, StringComparer.Ordinal).Select(p => $"docs/problems/{p}.md explains a problem that no source answers."));

    /// <summary>Migrations of one folder: numbered from 1 without gaps, one name for each number, and there for each dialect.</summary>
    public static IEnumerable<string> Migrations(string folder, IEnumerable<string> files, IReadOnlyCollection<string> dialects)
    {
        var found = new List<(int Number, string Name, string Dialect)>();
        foreach (var file in files)
        {
            if (MigrationName().Match(file) is not { Success: true } match)
            {
                yield return $"{folder}/{file} is not named NNNN_what.DIALECT.sql.";
                continue;
            }

            found.Add((int.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture), match.Groups["name"].Value, match.Groups["dialect"].Value));
        }

        foreach (var dialect in dialects.Union(found.Select(f => f.Dialect), StringComparer.Ordinal))
        {
            if (!dialects.Contains(dialect))
            {
                yield return $"{folder} has migrations for '{dialect}', which it does not run on.";
                continue;
            }

            var numbers = found.Where(f => f.Dialect == dialect).Select(f => f.Number).Order().ToList();
            if (!numbers.SequenceEqual(Enumerable.Range(1, numbers.Count)))
            {
                yield return $"{folder} numbers its {dialect} migrations {string.Join(", ", numbers)}; they count from 1 without gaps.";
            }
        }

        foreach (var number in found.GroupBy(f => f.Number))
        {
            var missing = dialects.Except(number.Select(f => f.Dialect), StringComparer.Ordinal).ToList();
            if (missing.Count > 0)
            {
                yield return $"{folder} has no migration {number.Key:0000} for {string.Join(", ", missing)}.";
            }

            if (number.Select(f => f.Name).Distinct(StringComparer.Ordinal).Count() > 1)
            {
                yield return $"{folder} names migration {number.Key:0000} differently in its dialects.";
            }
        }
    }

    private static int Line(string text, int index) => text.AsSpan(0, index).Count('\n') + 1;

    [GeneratedRegex(@"\bThread\.Sleep\b|\bTask\.Delay\((?!\s*Timeout\.Infinite)")]
    private static partial Regex Sleep();

    [GeneratedRegex(@"\bGotoAsync\(")]
    private static partial Regex RawNavigation();

    [GeneratedRegex(@"^[ \t]*(?:(?<access>public|internal|protected|private)\s+)?(?:partial\s+)?interface\s+(?<name>\w+)(?:<[^>]*>)?\s*:[^{;]*\b(?:IGrainWith\w+|IReconcileGrain)\b",
        RegexOptions.Multiline)]
    private static partial Regex GrainInterface();

    [GeneratedRegex(@"\b(?:Problem|new)\(\s*[1-5]\d\d\s*,\s*""(?<slug>[a-z0-9-]+)""")]
    private static partial Regex ProblemSlug();

    [GeneratedRegex(@"^(?<number>\d{4})_(?<name>[a-z0-9_]+)\.(?<dialect>[a-z]+)\.sql$")]
    private static partial Regex MigrationName();
}
