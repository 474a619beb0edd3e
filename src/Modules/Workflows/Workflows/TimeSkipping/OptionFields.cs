using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Versioning;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Workflow.V1;

namespace Flagstone.Workflows.TimeSkipping;

/// <summary>Which options of a run a request changes, each one as a whole. Pure.</summary>
internal readonly record struct OptionFields(bool Override, bool Skipping)
{
    private const string Usable = "versioning_override, time_skipping_config";

    /// <summary>What is wrong with a mask and the options that it is about; null when nothing is.</summary>
    public static string? Refuse(FieldMask? mask, WorkflowExecutionOptions? options) =>
        mask is null or { Paths.Count: 0 } ? $"UpdateMask is not set on request. Name in it what changes: {Usable}."
        : mask.Paths.FirstOrDefault(p => !IsOverride(p) && !IsSkipping(p)) is { } other
            ? $"UpdateMask names '{other}', which cannot be changed. Use one of, as a whole: {Usable}."
        : Of(mask) is var fields && fields.Override && Overriding.Refuse(options?.VersioningOverride) is { } wrong ? wrong
        : fields.Skipping ? SkipConfig.Refuse(options?.TimeSkippingConfig) : null;

    public static OptionFields Of(FieldMask? mask) => new(mask?.Paths.Any(IsOverride) == true, mask?.Paths.Any(IsSkipping) == true);

    /// <summary>Changes the options of an open run that the mask names; null when it is done.</summary>
    public static Refusal? Apply(RunChange change, FieldMask? mask, WorkflowExecutionOptions? options, string identity)
    {
        var fields = Of(mask);
        if (fields.Override && Overriding.Apply(change, options?.VersioningOverride, identity) is { } refusal)
        {
            return refusal;
        }

        if (fields.Skipping)
        {
            SkipConfig.Update(change, options?.TimeSkippingConfig, identity);
        }

        return null;
    }

    private static bool IsOverride(string path) => path is "versioning_override" or "versioningOverride";

    private static bool IsSkipping(string path) => path is "time_skipping_config" or "timeSkippingConfig";
}
