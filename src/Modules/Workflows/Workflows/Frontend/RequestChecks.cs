using Flagstone.Workflows.Activities;
using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.Nexus;
using Flagstone.Workflows.Nexus.Callbacks;
using Flagstone.Workflows.People;
using Flagstone.Workflows.Versioning;
using Flagstone.Workflows.Visibility;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Frontend;

/// <summary>What of a request can be refused without knowing an execution. Pure.</summary>
internal static class RequestChecks
{
    /// <summary>What a time may be, in seconds since 1970.</summary>
    private const long FirstSecond = -62_135_596_800;

    private const long LastSecond = 253_402_300_799;

    private static readonly ByteString KeywordType = ByteString.CopyFromUtf8("Keyword");

    public static void Start(StartWorkflowExecutionRequest request)
    {
        Id(request.WorkflowId, "WorkflowId");
        Id(request.WorkflowType?.Name, "WorkflowType");
        Id(request.TaskQueue?.Name, "TaskQueue");
        if (PeopleQueue.RefuseWorkflows(request.TaskQueue?.Name) is { } reserved)
        {
            throw RpcErrors.InvalidArgument(reserved);
        }

        Length(request.RequestId, "RequestId");
        NotNegative(request.WorkflowExecutionTimeout, "WorkflowExecutionTimeout");
        NotNegative(request.WorkflowRunTimeout, "WorkflowRunTimeout");
        NotNegative(request.WorkflowTaskTimeout, "WorkflowTaskTimeout");
        NotNegative(request.WorkflowStartDelay, "WorkflowStartDelay");
        Blob(request.Input, "StartWorkflowExecutionRequest.Input");
        Blob(request.Memo, "StartWorkflowExecutionRequest.Memo");
        if ((RetryRules.Refuse(request.RetryPolicy) ?? CronSchedule.Refuse(request.CronSchedule)) is { } wrong)
        {
            throw RpcErrors.InvalidArgument(wrong);
        }

        if (request.CronSchedule.Length > 0 && request.WorkflowStartDelay is not null)
        {
            throw RpcErrors.InvalidArgument("CronSchedule and WorkflowStartDelay may not be used together.");
        }

        if ((Overriding.Refuse(request.VersioningOverride) ?? CallbackRules.Refuse(request.CompletionCallbacks) ?? NexusLinks.Refuse(request.Links))
            is { } attached)
        {
            throw RpcErrors.InvalidArgument(attached);
        }

        if (request.OnConflictOptions is { AttachCompletionCallbacks: true, AttachRequestId: false })
        {
            throw RpcErrors.InvalidArgument("attaching request ID is required for attaching completion callbacks");
        }


        if (request.WorkflowIdConflictPolicy != WorkflowIdConflictPolicy.Unspecified && IsTerminateIfRunning(request))
        {
            throw RpcErrors.InvalidArgument("Invalid WorkflowIDReusePolicy: WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING cannot be used together with a WorkflowIDConflictPolicy.");
        }
    }

    public static void Links(IReadOnlyCollection<Link> links)
    {
        if (NexusLinks.Refuse(links) is { } wrong)
        {
            throw RpcErrors.InvalidArgument(wrong);
        }
    }

    public static void Id(string? value, string name)
    {
        if (Names.Refuse(value, name, "request") is { } wrong)
        {
            throw RpcErrors.InvalidArgument(wrong);
        }
    }

    public static void Length(string? value, string name)
    {
        if (Names.RefuseOptional(value, name) is { } wrong)
        {
            throw RpcErrors.InvalidArgument(wrong);
        }
    }

    /// <summary>A time that is there must be one (google/protobuf/timestamp.proto).</summary>
    public static void Time(Timestamp? time, string name)
    {
        if (time is not null && (time.Seconds is < FirstSecond or > LastSecond || time.Nanos is < 0 or > 999_999_999))
        {
            throw RpcErrors.InvalidArgument($"{name} is not a time between the years 1 and 9999.");
        }
    }

    public static void Blob(IMessage? value, string name)
    {
        if (CommandRules.IsTooLarge(value))
        {
            throw RpcErrors.InvalidArgument($"{name} exceeds size limit of {CommandRules.MaxBlob} bytes.");
        }
    }

    public static void NotNegative(Duration? time, string name)
    {
        if (Durations.Of(time) < TimeSpan.Zero)
        {
            throw RpcErrors.InvalidArgument($"Invalid {name}: it is negative, or no duration.");
        }
    }

    /// <summary>Puts the type to each attribute, as the server does for those who decode it; refuses what the namespace does not have.</summary>
    public static void SearchAttributes(SearchAttributes? attributes, Dictionary<string, IndexedValueType> own)
    {
        if (attributes is null)
        {
            return;
        }

        if (Annotate(attributes.IndexedFields, own) is { } unknown)
        {
            throw RpcErrors.InvalidArgument($"Namespace has no mapping defined for search attribute {unknown}.");
        }

        if (AttributeValues.Refuse(attributes.IndexedFields) is { } wrong)
        {
            throw RpcErrors.InvalidArgument($"{wrong}.");
        }
    }

    /// <summary>Puts the type to each attribute that is known; returns the first that is not, or null.</summary>
    public static string? Annotate(MapField<string, Payload> fields, Dictionary<string, IndexedValueType> own)
    {
        string? unknown = null;
        foreach (var (name, payload) in fields)
        {
            payload.Metadata.Remove("type");
            if (own.TryGetValue(name, out var type) || SystemSearchAttributes.Types.TryGetValue(name, out type))
            {
                payload.Metadata["type"] = type == IndexedValueType.Keyword ? KeywordType : ByteString.CopyFromUtf8(type.ToString());
            }
            else
            {
                unknown ??= name;
            }
        }

        return unknown;
    }

    private static bool IsTerminateIfRunning(StartWorkflowExecutionRequest request)
    {
#pragma warning disable CS0612 // Older SDKs say it this way.
        return request.WorkflowIdReusePolicy == WorkflowIdReusePolicy.TerminateIfRunning;
#pragma warning restore CS0612
    }
}
