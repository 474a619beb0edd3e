namespace Flagstone.EndToEnd.Tests;

/// <summary>The published program, which <c>script/test</c> makes before these tests.</summary>
internal static class Published
{
    private const string Variable = "FLAGSTONE_PUBLISHED";

    /// <summary>The program's path; skips the test where it was not published.</summary>
    public static string Require()
    {
        var program = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipUnless(program is { Length: > 0 }, $"script/test publishes the program and names it in {Variable}.");
        return program;
    }

    /// <summary>The repository's folder.</summary>
    public static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Monolith.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        }

        return folder.FullName;
    }
}
