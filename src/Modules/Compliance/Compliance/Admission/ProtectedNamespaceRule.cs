using Flagstone.Platform.Admission;
using Flagstone.Platform.Identity;

namespace Flagstone.Compliance.Admission;

/// <summary>The platform's own namespace holds what the platform wrote for itself; only administrators change it.</summary>
internal sealed class ProtectedNamespaceRule : IAdmissionRule
{
    private const string Namespace = "flagstone-system";

    public string Name => "protected-namespace";

    public ValueTask<AdmissionVerdict> JudgeAsync(AdmissionRequest request, CancellationToken ct)
    {
        var inside = request.Key.Namespace == Namespace || request.Key is { Kind: { Plural: "namespaces", Group: "" }, Name: Namespace };
        return new(inside && !request.Caller.IsSystem && request.Caller.Role != Role.Administrator
            ? AdmissionVerdict.Deny($"{Namespace} is the platform's own; put {request.Key.Name} into your service's namespace")
            : AdmissionVerdict.Allowed);
    }
}
