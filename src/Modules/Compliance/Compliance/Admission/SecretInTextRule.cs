using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Flagstone.Platform.Admission;
using Flagstone.Platform.Resources;

namespace Flagstone.Compliance.Admission;

/// <summary>
/// A container's environment must not carry a credential in clear text: what is written there is in Git, in the ledger's bodies and on pages
/// for good. Names that sound like a credential need <c>valueFrom.secretKeyRef</c>.
/// </summary>
internal sealed partial class SecretInTextRule : IAdmissionRule
{
    public string Name => "no-secret-in-text";

    public ValueTask<AdmissionVerdict> JudgeAsync(AdmissionRequest request, CancellationToken ct)
    {
        if (request.Kind.Id is not { Plural: "deployments", Group: "apps" } || request.Next is null)
        {
            return new(AdmissionVerdict.Allowed);
        }

        var denials = new List<string>();
        foreach (var container in request.Next.At("spec", "template", "spec", "containers") as JsonArray ?? [])
        {
            foreach (var variable in container.At("env") as JsonArray ?? [])
            {
                if (variable.Text("value").Length > 0 && Credential().IsMatch(variable.Text("name")))
                {
                    denials.Add(
                        $"container {container.Text("name")} sets {variable.Text("name")} in clear text; keep it in a Secret and name that by valueFrom.secretKeyRef");
                }
            }
        }

        return new(new AdmissionVerdict(denials, []));
    }

    [GeneratedRegex("(^|_)(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY)$", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking, Timeout.Infinite)]
    private static partial Regex Credential();
}
