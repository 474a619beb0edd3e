using Flagstone.Testing;

namespace Flagstone.Host.Tests.Kubectl;

/// <summary>The machine's kubectl with the kubeconfig that the platform wrote, in a namespace of the test's own.</summary>
internal sealed class Kubectl
{
    private readonly RunningHost host;
    private readonly string scope;

    private Kubectl(RunningHost host, string scope)
    {
        this.host = host;
        this.scope = scope;
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<Kubectl> InAsync(RunningHost host, string ns)
    {
        Assert.SkipUnless(Programs.Has("kubectl"), "kubectl is not on this machine; the session with it was not run.");
        var kubectl = new Kubectl(host, ns);
        await kubectl.OkAsync($"create namespace {ns}");
        return kubectl;
    }

    /// <summary>Runs a command line (words split at blanks) that must succeed.</summary>
    public async Task<string> OkAsync(string line, string input = "")
    {
        var result = await RunAsync(line, input);
        Assert.True(result.ExitCode == 0, $"kubectl {line} ended with {result.ExitCode}: {result.All}");
        return result.All;
    }

    /// <summary>Runs a command line that must be refused.</summary>
    public async Task<string> RefusedAsync(string line, string input = "")
    {
        var result = await RunAsync(line, input);
        Assert.True(result.ExitCode != 0, $"kubectl {line} was not refused: {result.All}");
        return result.All;
    }

    public Task<ProgramResult> RunAsync(string line, string input = "") => Programs.RunAsync(
        "kubectl", ["--namespace", scope, "--cache-dir", Path.Combine(host.Data, "kubectl-cache"), .. line.Split(' ', StringSplitOptions.RemoveEmptyEntries)],
        input, new Dictionary<string, string> { ["KUBECONFIG"] = host.Kubeconfig, ["HOME"] = host.Data }, Ct);
}
