namespace Flagstone.Conformance.Tests;

/// <summary>Where other people's cases lie, outside the repository.</summary>
internal static class Corpus
{
    private const string Variable = "FLAGSTONE_CONFORMANCE";

    /// <summary>The root of all corpora, or null when the machine has none.</summary>
    public static string? Root { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : FindAbove();

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

    /// <summary>The JSON files below a corpus folder, in order; fails the test when there are none.</summary>
    public static IReadOnlyList<string> JsonCases(string folder)
    {
        var path = Path.Combine(Root!, folder);
        string[] cases = Directory.Exists(path) ? Directory.GetFiles(path, "*.json", SearchOption.AllDirectories) : [];
        Assert.True(cases.Length > 0, $"{path} holds no case.");
        Array.Sort(cases, StringComparer.Ordinal);
        return cases;
    }

    /// <summary>Prints the corpus' line, and fails the test with the names of the failed cases if there are any.</summary>
    /// <param name="known">How many failed as the list of known failures says; they count as failed and do not fail the test.</param>
    public static void Report(string folder, int cases, IReadOnlyCollection<string> failed, int known = 0)
    {
        Console.WriteLine($"{folder}: {cases} cases, {cases - failed.Count - known} passed, {failed.Count + known} failed{(known > 0 ? $" ({known} known)" : "")}");
        Assert.True(failed.Count == 0, $"{folder}:\n{string.Join('\n', failed)}");
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
