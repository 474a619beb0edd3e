using Flagstone.Platform.Admission;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;

namespace Flagstone.Provisioning.Drift;

/// <summary>Judges the annotation that says what becomes of drift: a word that means nothing would be taken for none, and not all may switch it off.</summary>
internal sealed class DriftModeRule : IAdmissionRule
{
    private static readonly HashSet<string> Words = new(Enum.GetValues<DriftMode>().Select(DriftRules.Word), StringComparer.Ordinal);

    public string Name => "drift";

    public ValueTask<AdmissionVerdict> JudgeAsync(AdmissionRequest request, CancellationToken ct) => new(
        request.Next?.Annotation(DriftRules.ModeAnnotation) is not { Length: > 0 } word || word == request.Before?.Annotation(DriftRules.ModeAnnotation)
            ? AdmissionVerdict.Allowed
        : !Words.Contains(word)
            ? AdmissionVerdict.Deny($"the annotation {DriftRules.ModeAnnotation} is '{word}'. Use one of: {string.Join(", ", Words)}")
        : word != DriftRules.Word(DriftMode.Revert) && !request.Caller.IsSystem && !AccessRules.MayLeaveDrift(request.Caller)
            ? AdmissionVerdict.Deny($"{DriftRules.ModeAnnotation}: {word} leaves what somebody changed outside as it is; ask an administrator")
        : AdmissionVerdict.Allowed);
}
