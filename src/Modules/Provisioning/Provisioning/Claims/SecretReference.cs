using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Claims;

/// <summary>A Secret that a composite or a managed resource writes its connection details to. Never what is in it. Pure.</summary>
/// <param name="Owner">Kind and name of what writes it.</param>
internal sealed record SecretReference(string Namespace, string Name, string Owner)
{
    /// <summary>Those below a claim; its own is not among them.</summary>
    public static IReadOnlyList<SecretReference> Of(ClaimNode tree) =>
    [
        .. tree.All.Skip(1).Select(node => (node, Secret: node.Document?["spec"].At("writeConnectionSecretToRef"))).Where(n => n.Secret.Text("name").Length > 0)
            .Select(n => new SecretReference(
                n.Secret.Text("namespace") is { Length: > 0 } own ? own : n.node.Namespace, n.Secret.Text("name"),
                $"{n.node.Kind} {(n.node.Template.Length > 0 ? n.node.Template : n.node.Name)}")),
    ];
}
