using System.Diagnostics;

namespace Flagstone.Catalog.Tests.Repositories;

/// <summary>The real git, as a developer runs it.</summary>
internal sealed class GitClient(string folder)
{
    public async Task<string> RunAsync(params string[] arguments)
    {
        var (exit, output) = await TryAsync(arguments);
        return exit == 0 ? output : throw new InvalidOperationException($"git {string.Join(' ', arguments)} ended with {exit}: {output}");
    }

    public async Task<(int Exit, string Output)> TryAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("git")
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] settings = ["-c", "user.name=Zoe", "-c", "user.email=zoe@example.com", "-c", "init.defaultBranch=main", "-c", "credential.helper="];
        foreach (var argument in settings.Concat(arguments))
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["GIT_TERMINAL_PROMPT"] = "0";
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        using var git = Process.Start(start)!;
        var output = git.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = git.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await git.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (git.ExitCode, await output + await error);
    }
}
