using System.Text;
using Flagstone.Workflows.Commands;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Nexus.Endpoints;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Nexus;

/// <summary>
/// The commands that schedule and cancel Nexus operations. Pure but for the ids that it draws.
/// (Temporal's server: components/nexusoperations/workflow/commands.go.)
/// </summary>
internal static class NexusCommands
{
    /// <summary>As many operations may be under way in one run, as with Temporal's server.</summary>
    public const int MaxPending = 30;

    /// <summary>Of names and values of headers together, in bytes.</summary>
    private const int MaxHeader = 8 * 1024;

    private const string Where = "ScheduleNexusOperationCommand";

    /// <summary>Headers that the server sets itself.</summary>
    private static readonly string[] Reserved = [NexusRequests.RequestTimeout, NexusRequests.OperationTimeout];

    public static CommandFailure? Schedule(RunChange change, ScheduleNexusOperationCommandAttributes command, long completedId)
    {
        var run = change.Run;
        if (!change.Endpoints.TryGetValue(command.Endpoint, out var endpoint))
        {
            return Bad($"endpoint \"{command.Endpoint}\" not found");
        }

        if (Refuse(run, command) is { } wrong)
        {
            return wrong;
        }

        var attributes = command.CopyTo(new NexusOperationScheduledEventAttributes { WorkflowTaskCompletedEventId = completedId });
        attributes.NexusHeader.Clear();
        foreach (var (key, value) in command.NexusHeader)
        {
            attributes.NexusHeader[key.ToLowerInvariant()] = value;
        }

        var times = Normalize(run, command);
        attributes.EndpointId = endpoint.Id;
        attributes.RequestId = Guid.NewGuid().ToString();
        attributes.ScheduleToCloseTimeout = Absent(times.ScheduleToClose);
        attributes.ScheduleToStartTimeout = Absent(times.ScheduleToStart);
        attributes.StartToCloseTimeout = Absent(times.StartToClose);
        var scheduled = change.Add(new HistoryEvent { EventType = EventType.NexusOperationScheduled, NexusOperationScheduledEventAttributes = attributes });
        run.NexusOperations[scheduled.EventId] = new NexusOperationState
        {
            ScheduledId = scheduled.EventId,
            Endpoint = command.Endpoint,
            EndpointId = endpoint.Id,
            Service = command.Service,
            Operation = command.Operation,
            RequestId = attributes.RequestId,
            Secret = Guid.NewGuid().ToString("N"),
            ScheduledAt = change.Now,
            ScheduleToClose = times.ScheduleToClose,
            ScheduleToStart = times.ScheduleToStart,
            StartToClose = times.StartToClose,
        };
        change.CallsNexus = true;
        return null;
    }

    public static CommandFailure? RequestCancel(RunChange change, RequestCancelNexusOperationCommandAttributes command, long completedId)
    {
        var id = command.ScheduledEventId;
        var isThere = change.Run.NexusOperations.TryGetValue(id, out var operation);
        if (!isThere && !change.Run.Buffered.Any(e => NexusRules.EndedBy(e) == id))
        {
            return CommandRules.Bad(
                WorkflowTaskFailedCause.BadRequestCancelNexusOperationAttributes,
                $"requested cancelation for a non-existing or already completed operation with scheduled event ID of {id}");
        }

        if (operation?.Cancellation is not null)
        {
            return CommandRules.Bad(
                WorkflowTaskFailedCause.BadRequestCancelNexusOperationAttributes,
                $"cancelation was already requested for an operation with scheduled event ID {id}");
        }

        var requested = change.Add(new HistoryEvent
        {
            EventType = EventType.NexusOperationCancelRequested,
            NexusOperationCancelRequestedEventAttributes = new NexusOperationCancelRequestedEventAttributes
            {
                ScheduledEventId = id, WorkflowTaskCompletedEventId = completedId,
            },
        });
        // One that is over has its end on the way to the worker.
        if (operation is not null)
        {
            operation.Cancellation = new NexusCancellationState { RequestedId = requested.EventId, CompletedId = completedId, RequestedAt = change.Now };
            change.CallsNexus |= operation.IsStarted;
        }

        return null;
    }

    /// <summary>The names of the endpoints that commands name.</summary>
    public static IEnumerable<string> Endpoints(IEnumerable<Command> commands) =>
        commands.Select(c => c.ScheduleNexusOperationCommandAttributes?.Endpoint).OfType<string>().Distinct(StringComparer.Ordinal);

    /// <summary>A timeout bounded by the one above it; zero is none.</summary>
    public static TimeSpan Bounded(Duration? own, TimeSpan most) => Durations.Of(own) is var time && time > TimeSpan.Zero ? Least(time, most) : TimeSpan.Zero;

    private static CommandFailure? Refuse(RunState run, ScheduleNexusOperationCommandAttributes command)
    {
        var wrong = Names.Refuse(command.Service, "Service", Where) ?? Names.Refuse(command.Operation, "Operation", Where)
            ?? (new[] { command.ScheduleToCloseTimeout, command.ScheduleToStartTimeout, command.StartToCloseTimeout }.Any(t => Durations.Of(t) < TimeSpan.Zero)
                ? $"A timeout is negative on {Where}."
            : CommandRules.IsTooLarge(command.Input) ? $"{Where}Attributes.Input exceeds size limit of {CommandRules.MaxBlob} bytes."
            : command.NexusHeader.Sum(h => Encoding.UTF8.GetByteCount(h.Key) + Encoding.UTF8.GetByteCount(h.Value)) > MaxHeader
                ? $"{Where}Attributes.NexusHeader exceeds size limit of {MaxHeader} bytes."
            : command.NexusHeader.Keys.FirstOrDefault(k => Reserved.Contains(k, StringComparer.OrdinalIgnoreCase)) is { } reserved
                ? $"{Where}Attributes.NexusHeader contains a disallowed header key: \"{reserved}\""
            : null);
        return wrong is not null ? Bad(wrong)
            : run.NexusOperations.Count >= MaxPending
                ? CommandRules.Bad(
                    WorkflowTaskFailedCause.PendingNexusOperationsLimitExceeded,
                    $"workflow has reached the pending nexus operation limit of {MaxPending} for this namespace")
                : null;
    }

    /// <summary>The timeouts as they count: each one bounded by those above it.</summary>
    private static (TimeSpan ScheduleToClose, TimeSpan ScheduleToStart, TimeSpan StartToClose) Normalize(
        RunState run, ScheduleNexusOperationCommandAttributes command)
    {
        var close = Least(Durations.Of(command.ScheduleToCloseTimeout), run.RunTimeout);
        return (close, Bounded(command.ScheduleToStartTimeout, close), Bounded(command.StartToCloseTimeout, close));
    }

    /// <summary>The shorter one, where zero is none.</summary>
    private static TimeSpan Least(TimeSpan a, TimeSpan b) => a <= TimeSpan.Zero ? b : b <= TimeSpan.Zero || a < b ? a : b;

    private static Duration? Absent(TimeSpan time) => time > TimeSpan.Zero ? Duration.FromTimeSpan(time) : null;

    private static CommandFailure Bad(string message) => CommandRules.Bad(WorkflowTaskFailedCause.BadScheduleNexusOperationAttributes, message);
}
