using System.Diagnostics;

namespace Flagstone.Provisioning.Tests;

/// <summary>Puts a folder into a hosted repository, as a push does.</summary>
internal static class HostedSource
{
    /// <summary>Commits the folder as the head of main, and gives the commit.</summary>
    public static string Publish(string data, string repository, string folder)
    {
        var bare = Path.Combine(data, "git", $"{repository}.git");
        if (!Directory.Exists(bare))
        {
            Git("/", "init", "--quiet", "--bare", "--initial-branch=main", bare);
        }

        Git(folder, "init", "--quiet", "--initial-branch=main");
        Git(folder, "add", "--all");
        Git(folder, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "-m", "change");
        Git(folder, "push", "--quiet", "--force", bare, "main");
        return Git(folder, "rev-parse", "HEAD");
    }

    private static string Git(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("git") { WorkingDirectory = folder, RedirectStandardOutput = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output.Trim();
    }
}
