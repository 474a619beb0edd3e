using System.Globalization;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Nexus.Callbacks;
using Flagstone.Workflows.Nexus.Standalone;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Nexus.V1;
using Request = Temporalio.Api.Nexus.V1.Request;

namespace Flagstone.Workflows.Nexus;

/// <summary>What is asked of a handler, as its worker gets it. Pure.</summary>
internal static class NexusRequests
{
    /// <summary>How long who asks waits, in milliseconds: <c>9500ms</c>.</summary>
    public const string RequestTimeout = "request-timeout";

    /// <summary>How long the operation may last altogether.</summary>
    public const string OperationTimeout = "operation-timeout";

    /// <summary>A request is given up after this time, and made again.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private const string Milliseconds = "ms";

    /// <summary>The request to begin an operation of a workflow.</summary>
    /// <param name="scheduled">The operation's Scheduled event, with its input and headers.</param>
    public static Request Start(RunState run, NexusOperationState operation, NexusOperationScheduledEventAttributes scheduled, DateTimeOffset now)
    {
        var callback = new CallbackToken(run.Namespace, run.WorkflowId, run.RunId, operation.ScheduledId, operation.Secret);
        var request = Start(operation, scheduled.NexusHeader, scheduled.Input, callback, now);
        var link = NexusLinks.ToEvent(run.NamespaceName, run.WorkflowId, run.RunId, operation.ScheduledId, EventType.NexusOperationScheduled);
        request.StartOperation.Links.Add(NexusLinks.Write(link.WorkflowEvent));
        return request;
    }

    /// <summary>The request to begin an operation that a client started.</summary>
    public static Request Start(StandaloneState state, DateTimeOffset now)
    {
        var callback = new CallbackToken(state.Namespace, state.Id, state.RunId, 0, state.Operation.Secret) { Kind = CallbackToken.Standalone };
        return Start(state.Operation, state.Request.NexusHeader, state.Request.Input, callback, now);
    }

    /// <summary>The request to cancel an operation that the handler has begun.</summary>
    public static Request Cancel(NexusOperationState operation, MapField<string, string> headers, DateTimeOffset now)
    {
        var request = Request(operation, headers, now);
        request.CancelOperation = new CancelOperationRequest
        {
            Service = operation.Service,
            Operation = operation.Operation,
            OperationToken = operation.Token,
#pragma warning disable CS0612 // Older handlers read it there.
            OperationId = operation.Token,
#pragma warning restore CS0612
        };
        return request;
    }

    /// <summary>How long a request may wait, and be worked on: no longer than the operation has.</summary>
    public static TimeSpan Most(NexusOperationState operation, DateTimeOffset now)
    {
        var most = Longest;
        foreach (var timeout in operation.IsStarted ? [operation.ScheduleToClose] : (TimeSpan[])[operation.ScheduleToClose, operation.ScheduleToStart])
        {
            if (timeout > TimeSpan.Zero && operation.ScheduledAt + timeout - now is var left && left < most)
            {
                most = left > TimeSpan.Zero ? left : TimeSpan.Zero;
            }
        }

        return most;
    }

    /// <summary>Puts what is left of the request's time, for the worker that takes it.</summary>
    public static void Take(Request request, DateTimeOffset now)
    {
        if (request.ScheduledTime is { } at && Read(request.Header) is { } most)
        {
            request.Header[RequestTimeout] = Text(at.ToDateTimeOffset() + most - now);
        }
    }

    private static Request Start(
        NexusOperationState operation, MapField<string, string> headers, Payload? input, CallbackToken callback, DateTimeOffset now)
    {
        var request = Request(operation, headers, now);
        if (operation.ScheduleToClose > TimeSpan.Zero)
        {
            request.Header[OperationTimeout] = Text(operation.ScheduledAt + operation.ScheduleToClose - now);
        }

        request.StartOperation = new StartOperationRequest
        {
            Service = operation.Service,
            Operation = operation.Operation,
            RequestId = operation.RequestId,
            Callback = CallbackToken.Url,
            CallbackHeader = { [CallbackToken.Header] = callback.ToString() },
            Payload = input,
        };
        return request;
    }

    private static Request Request(NexusOperationState operation, MapField<string, string> headers, DateTimeOffset now)
    {
        var request = new Request
        {
            ScheduledTime = Timestamp.FromDateTimeOffset(now),
            Endpoint = operation.Endpoint,
            // Failures come in Temporal's own form, which loses nothing.
            Capabilities = new Request.Types.Capabilities { TemporalFailureResponses = true },
        };
        foreach (var (key, value) in headers)
        {
            request.Header[key.ToLowerInvariant()] = value;
        }

        request.Header[RequestTimeout] = Text(Most(operation, now));
        return request;
    }

    private static string Text(TimeSpan time) => ((long)Math.Max(1, time.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture) + Milliseconds;

    private static TimeSpan? Read(MapField<string, string> header) =>
        header.TryGetValue(RequestTimeout, out var text) && text.EndsWith(Milliseconds, StringComparison.Ordinal)
        && long.TryParse(text[..^Milliseconds.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var time) ? TimeSpan.FromMilliseconds(time) : null;
}
