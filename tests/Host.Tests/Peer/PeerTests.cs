using Flagstone.Testing;

namespace Flagstone.Host.Tests.Peer;

/// <summary>
/// Our replies beside those of a real kube-apiserver 1.20.2 to the same kubectl 1.32, which <c>script/apiserver --record</c> recorded.
/// What differs on purpose is in <c>differences.txt</c>, with its reason.
/// </summary>
public sealed class PeerTests
{
    private const string PeerVariable = "FLAGSTONE_PEER_KUBECONFIG";
    private const string RecordingVariable = "FLAGSTONE_PEER_RECORDING";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Kubectl_gets_the_replies_that_a_real_API_server_gives()
    {
        Assert.SkipUnless(await PeerSession.HasKubectlAsync(Ct), "kubectl 1.32 is not on this machine; the replies were not compared.");
        await using var host = await RunningHost.StartAsync(Ct);
        var recorded = PeerSession.Read(await File.ReadAllTextAsync(Path.Combine(PeerSession.Folder, "recorded.txt"), Ct));
        var reasons = (await File.ReadAllLinesAsync(Path.Combine(PeerSession.Folder, "differences.txt"), Ct))
            .Where(l => l.Length > 0 && l[0] != '#').Select(l => l.Split(" :: ")).ToDictionary(l => l[0], l => l[1], StringComparer.Ordinal);

        var ours = await PeerSession.RunAsync(host.Kubeconfig, Ct);

        var wrong = new List<string>();
        foreach (var step in ours)
        {
            var same = recorded.TryGetValue(step.Name, out var theirs) && theirs == step.Answer;
            if (same == reasons.ContainsKey(step.Name))
            {
                wrong.Add(same ? $"$ {step.Name}\nis the same now: take it off the list" : $"$ {step.Name}\ntheirs:\n{theirs ?? "(not recorded)"}\nours:\n{step.Answer}");
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {ours.Count} replies differ from the API server's:\n{string.Join("\n\n", wrong)}");
        Assert.Equal(ours.Count, recorded.Count);
    }

    [Fact(Explicit = true)]
    public async Task Record_what_a_real_API_server_replies()
    {
        var steps = await PeerSession.RunAsync(Environment.GetEnvironmentVariable(PeerVariable)!, Ct);
        await File.WriteAllTextAsync(Environment.GetEnvironmentVariable(RecordingVariable)!, PeerSession.Write(steps), Ct);
        Assert.NotEmpty(steps);
    }
}
