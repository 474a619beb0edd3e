using System.Diagnostics;

namespace Flagstone.Catalog.Repositories;

/// <summary>
/// How Git is started: by absolute search path, with nothing of the platform's environment, and with no configuration but that of the
/// repository. Tokens, keys and proxies of the platform are not in view of what a push can make Git do.
/// </summary>
internal static class GitEnvironment
{
    private const string SearchPath = "/usr/local/bin:/usr/bin:/bin";

    public static ProcessStartInfo Start(string emptyHome, params ReadOnlySpan<string> arguments)
    {
        var start = new ProcessStartInfo("git")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = emptyHome,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Clear();
        start.Environment["PATH"] = SearchPath;
        start.Environment["HOME"] = emptyHome;
        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        start.Environment["LC_ALL"] = "C";
        return start;
    }
}
