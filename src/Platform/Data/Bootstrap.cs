using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Collecting;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Data;

/// <summary>
/// What the first start makes: the namespaces that are always there, and an administrator's token with its kubeconfig. Each start makes due
/// what no resource wakes.
/// </summary>
internal sealed class Bootstrap(ResourceGateway gateway, KindRegistry kinds, TokenStore tokens, DueIndex due, TimeProvider clock, DataFolder folder)
{
    private static readonly string[] Namespaces = ["default", "flagstone-system"];

    /// <param name="kubernetesUrl">Where this machine reaches the Kubernetes API.</param>
    /// <param name="authority">The PEM of the authority that signed its certificate.</param>
    public async Task RunAsync(string kubernetesUrl, string authority, CancellationToken ct)
    {
        foreach (var name in Namespaces)
        {
            // Already there is as good.
            await gateway.CreateAsync(
                Caller.System("bootstrap"), kinds.Find(NamespaceView.Kind)!, "", new JsonObject { ["metadata"] = new JsonObject { ["name"] = name } },
                new WriteOptions { Origin = "bootstrap" }, ct);
        }

        await due.SetAsync([new DueChange(CompactionGrain.Controller, CompactionGrain.Key, clock.GetUtcNow())], ct);
        if (!await tokens.AnyAsync(ct))
        {
            // On disk first, then issued: a start that is cut off in between issues the same text, and nobody is locked out.
            if (!File.Exists(folder.AdminToken))
            {
                DataFolder.WritePrivate(folder.AdminToken, Encoding.ASCII.GetBytes(TokenText.Create() + "\n"));
            }

            var text = (await File.ReadAllTextAsync(folder.AdminToken, ct)).Trim();
            await IssueAsync(text, ct);
        }

        if (File.Exists(folder.AdminToken))
        {
            var token = (await File.ReadAllTextAsync(folder.AdminToken, ct)).Trim();
            DataFolder.WritePrivate(folder.Kubeconfig, Encoding.UTF8.GetBytes(Kubeconfig(kubernetesUrl, authority, token)));
        }
    }

    private async Task IssueAsync(string text, CancellationToken ct)
    {
        var first = new Guard("first", new SqlStatement("SELECT 1 AS first WHERE NOT EXISTS (SELECT 1 FROM token)"));
        var outcome = await tokens.IssueAsync(Actor.Controller("bootstrap"), new TokenRequest("admin", Role.Administrator, "", null), text, (first, _ => []), ct);
        // Another process of a new installation was first: there is one administrator, and its token is that one's.
        if (outcome is not TokenIssued && await tokens.FindAsync(text, ct) is null)
        {
            File.Delete(folder.AdminToken);
        }
    }

    private static string Kubeconfig(string url, string authority, string token) => $"""
        apiVersion: v1
        kind: Config
        current-context: flagstone
        clusters:
          - name: flagstone
            cluster:
              server: {url}
              certificate-authority-data: {Convert.ToBase64String(Encoding.ASCII.GetBytes(authority))}
        users:
          - name: admin
            user:
              token: {token}
        contexts:
          - name: flagstone
            context:
              cluster: flagstone
              user: admin
              namespace: default

        """;
}
