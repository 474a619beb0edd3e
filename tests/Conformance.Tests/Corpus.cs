using System.Globalization;
using System.Text.Json;

namespace Flagstone.Conformance.Tests;

/// <summary>What became of a case.</summary>
internal enum Verdict
{
    Passed,
    Failed,

    /// <summary>It asks for something that the product does not have.</summary>
    Absent,
}

/// <summary>One case of a corpus: its name there, and what became of it.</summary>
internal sealed record Case(string Name, Verdict Verdict, string Detail = "")
{
    public static Case Of(string name, bool passes, string detail = "") => new(name, passes ? Verdict.Passed : Verdict.Failed, detail);
}

/// <summary>Where other people's cases lie, outside the repository, and what is said of how they went.</summary>
internal static class Corpus
{
    private const string Variable = "FLAGSTONE_CONFORMANCE";
    private const string ResultsVariable = "FLAGSTONE_CONFORMANCE_RESULTS";
    private static readonly string? Named = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : null;

    /// <summary>The root of all corpora, or null when the machine has none.</summary>
    public static string? Root { get; } = Named ?? FindAbove();

    /// <summary>
    /// Whether the machine has the corpora; says so for this folder where it has none. Then its test passes: most machines have none.
    /// </summary>
    public static bool IsHere(string folder)
    {
        if (Root is null)
        {
            Console.WriteLine($"{folder}: absent; set {Variable} to the folder of conformance cases to run it");
        }

        return Root is not null;
    }

    /// <summary>A file of a corpus; fails the test when it is not there.</summary>
    public static string File(string path)
    {
        var file = Path.Combine(Root!, path);
        Assert.True(System.IO.File.Exists(file), $"{file} is not there.");
        return file;
    }

    /// <summary>The JSON files below a corpus folder, in order; fails the test when there are none.</summary>
    public static IReadOnlyList<string> JsonCases(string folder)
    {
        var path = Path.Combine(Root!, folder);
        string[] cases = Directory.Exists(path) ? Directory.GetFiles(path, "*.json", SearchOption.AllDirectories) : [];
        Assert.True(cases.Length > 0, $"{path} holds no case.");
        Array.Sort(cases, StringComparer.Ordinal);
        return cases;
    }

    /// <summary>
    /// Prints the corpus' line. A case that fails and is not on the list of known failures fails the test, and so does one that is on
    /// it and passes. A corpus that was named by the variable is only counted: its cases may be other ones, and the list is not read.
    /// </summary>
    public static void Report(string corpus, IReadOnlyCollection<Case> cases)
    {
        int Count(Verdict verdict) => cases.Count(c => c.Verdict == verdict);
        Assert.True(cases.Count > 0, $"{corpus} holds no case.");
        var line = string.Create(CultureInfo.InvariantCulture,
            $"{corpus,-34} {cases.Count,6} cases {Count(Verdict.Passed),6} passed {Count(Verdict.Failed),5} failed {Count(Verdict.Absent),5} absent");
        Console.WriteLine(line);
        Record(new { corpus, cases = cases.Count, passed = Count(Verdict.Passed), failed = Count(Verdict.Failed), absent = Count(Verdict.Absent), line });
        if (Named is not null)
        {
            return;
        }

        var known = KnownFailures();
        var wrong = cases.Where(c => c.Verdict == Verdict.Failed && !known.Contains($"{corpus}/{c.Name}")).Select(c => $"{c.Name} {c.Detail}")
            .Concat(cases.Where(c => c.Verdict == Verdict.Passed && known.Contains($"{corpus}/{c.Name}")).Select(c => $"{c.Name} passes now: take it off the list"))
            .ToList();
        Assert.True(wrong.Count == 0, $"{corpus}:\n{string.Join('\n', wrong)}");
    }

    /// <summary>Says of a corpus that nothing here runs it yet.</summary>
    public static void ReportAbsent(string corpus)
    {
        var line = $"{corpus,-34} absent: nothing runs it yet";
        Console.WriteLine(line);
        Record(new { corpus, absent = "all", line });
    }

    private static HashSet<string> KnownFailures() =>
        [.. System.IO.File.ReadLines(Path.Combine(AppContext.BaseDirectory, "known-failures.txt")).Where(l => l.Length > 0 && l[0] != '#').Select(l => l.Split(": ")[0])];

    private static void Record(object result)
    {
        if (Environment.GetEnvironmentVariable(ResultsVariable) is { Length: > 0 } file)
        {
            System.IO.File.AppendAllText(file, JsonSerializer.Serialize(result) + "\n");
        }
    }

    private static string? FindAbove()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "shared", "conformance");
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }
}
