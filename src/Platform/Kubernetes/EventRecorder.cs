using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Kinds;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Kubernetes;

/// <summary>Records what happened to a resource, as <c>kubectl describe</c> and <c>kubectl get events</c> show it. The same event again counts up.</summary>
public sealed class EventRecorder(TransientResources transients, KindRegistry kinds, TimeProvider clock)
{
    /// <param name="type"><c>Normal</c> or <c>Warning</c>.</param>
    public async Task RecordAsync(string controller, JsonObject about, string type, string reason, string message, CancellationToken ct)
    {
        var kind = kinds.Find(TransientKinds.Events)!;
        var ns = about.NamespaceOf() is { Length: > 0 } own ? own : "default";
        var identity = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{about.UidOf()}\0{type}\0{reason}\0{message}")))[..16];
        var name = $"{about.NameOf()}.{identity}";
        var now = Preparation.Timestamp(clock.GetUtcNow());
        var before = (await transients.FindAsync(kind, ns, name, ct))?.ToDocument();
        await transients.PutAsync(kind, new JsonObject
        {
            ["metadata"] = before?["metadata"]?.DeepClone() ?? new JsonObject { ["name"] = name, ["namespace"] = ns },
            ["involvedObject"] = new JsonObject
            {
                ["apiVersion"] = about.Text("apiVersion"),
                ["kind"] = about.Text("kind"),
                ["name"] = about.NameOf(),
                ["namespace"] = about.NamespaceOf(),
                ["uid"] = about.UidOf(),
            },
            ["type"] = type,
            ["reason"] = reason,
            ["message"] = message,
            ["source"] = new JsonObject { ["component"] = controller },
            ["firstTimestamp"] = before?["firstTimestamp"]?.DeepClone() ?? now,
            ["lastTimestamp"] = now,
            ["count"] = int.Parse(before?["count"]?.ToString() ?? "0", CultureInfo.InvariantCulture) + 1,
        }, ct);
    }
}
