using System.Text;
using System.Text.Json.Nodes;

namespace Flagstone.Platform.Patching;

/// <summary>What became of a server-side apply.</summary>
public abstract record ApplyOutcome
{
    private protected ApplyOutcome()
    {
    }
}

/// <summary>The object to store.</summary>
/// <param name="Resource">The merged object with its managed fields.</param>
/// <param name="Changed">False when nothing differs from the live object, which then need not be written.</param>
public sealed record Applied(JsonObject Resource, bool Changed) : ApplyOutcome;

/// <summary>Others manage fields that the apply would change, and it did not ask to force them.</summary>
public sealed record ApplyConflicted(IReadOnlyList<FieldConflict> Conflicts) : ApplyOutcome
{
    /// <summary>The API server's message: <c>Apply failed with 1 conflict: conflict with "kubectl" using v1: .spec.x</c>.</summary>
    public string Message
    {
        get
        {
            if (Conflicts is [var only])
            {
                return $"Apply failed with 1 conflict: conflict with {only.Manager}: {only.Path}";
            }

            var text = new StringBuilder($"Apply failed with {Conflicts.Count} conflicts: ");
            var lines = Conflicts
                .GroupBy(conflict => conflict.Manager)
                .OrderBy(group => group.Key, StringComparer.Ordinal)
                .SelectMany(group => group.Select(conflict => $"- {conflict.Path}").Prepend($"conflicts with {group.Key}:"));
            return text.AppendJoin('\n', lines).ToString();
        }
    }
}

/// <summary>The applied document cannot be taken apart into fields.</summary>
public sealed record ApplyInvalid(string Message) : ApplyOutcome;

/// <summary>A field that another manager has.</summary>
/// <param name="Manager">The manager as a message names it: <c>"kubectl" using v1</c>. A Status' cause says <c>conflict with</c>
/// it.</param>
/// <param name="Path">The field, such as <c>.spec.replicas</c>.</param>
public sealed record FieldConflict(string Manager, string Path);
