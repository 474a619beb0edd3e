using System.Globalization;
using System.Web;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using NexusLink = Temporalio.Api.Nexus.V1.Link;

namespace Flagstone.Workflows.Nexus;

/// <summary>
/// Links between events, as Nexus carries them:
/// <c>temporal:///namespaces/N/workflows/W/R/history?referenceType=EventReference&amp;eventID=1&amp;eventType=T</c>. Pure.
/// (Temporal's server: common/nexus/link_converter.go.)
/// </summary>
internal static class NexusLinks
{
    /// <summary>So many links of a message are kept, as by Temporal's server.</summary>
    public const int MaxLinks = 10;

    private const int MaxUrl = 4_000;
    private const int MaxBytes = 4_000;
    private const string TypePrefix = "EVENT_TYPE_";
    private const string ByEvent = "EventReference";
    private const string ByRequest = "RequestIdReference";

    private static readonly string WorkflowEventType = Link.Types.WorkflowEvent.Descriptor.FullName;

    /// <summary>What is wrong with the links of a request; null when nothing is.</summary>
    public static string? Refuse(IReadOnlyCollection<Link> links) =>
        links.Count > MaxLinks ? $"cannot attach more than {MaxLinks} links per request, got {links.Count}"
        : links.FirstOrDefault(l => l.CalculateSize() > MaxBytes) is { } large ? $"link exceeds allowed size of {MaxBytes}, got {large.CalculateSize()}"
        : null;

    public static Link ToEvent(string ns, string workflowId, string runId, long eventId, EventType type) => new()
    {
        WorkflowEvent = new Link.Types.WorkflowEvent
        {
            Namespace = ns, WorkflowId = workflowId, RunId = runId,
            EventRef = new Link.Types.WorkflowEvent.Types.EventReference { EventId = eventId, EventType = type },
        },
    };

    public static Link ToRequest(string ns, string workflowId, string runId, string requestId, EventType type) => new()
    {
        WorkflowEvent = new Link.Types.WorkflowEvent
        {
            Namespace = ns, WorkflowId = workflowId, RunId = runId,
            RequestIdRef = new Link.Types.WorkflowEvent.Types.RequestIdReference { RequestId = requestId, EventType = type },
        },
    };

    public static NexusLink Write(Link.Types.WorkflowEvent link)
    {
        var (ns, workflow, run) = (Uri.EscapeDataString(link.Namespace), Uri.EscapeDataString(link.WorkflowId), Uri.EscapeDataString(link.RunId));
        var query = link.RequestIdRef is { } request
            ? $"referenceType={ByRequest}&requestID={Uri.EscapeDataString(request.RequestId)}&eventType={request.EventType}"
            : $"referenceType={ByEvent}&eventID={(link.EventRef?.EventId ?? 0).ToString(CultureInfo.InvariantCulture)}&eventType={link.EventRef?.EventType}";
        return new NexusLink { Url = $"temporal:///namespaces/{ns}/workflows/{workflow}/{run}/history?{query}", Type = WorkflowEventType };
    }

    /// <summary>The links that name an event; what cannot be read is left out, as it is only said for people.</summary>
    public static IReadOnlyList<Link> Read(IEnumerable<NexusLink> links) => [.. links.Take(MaxLinks).Select(Read).OfType<Link>()];

    private static Link? Read(NexusLink link)
    {
        if (link.Type != WorkflowEventType || link.Url.Length > MaxUrl || !Uri.TryCreate(link.Url, UriKind.Absolute, out var url) || url.Scheme != "temporal")
        {
            return null;
        }

        // The path as written: a workflow id may have escaped slashes.
        var path = link.Url.Split('?', 2)[0]["temporal://".Length..].Split('/');
        if (path is not ["", "namespaces", var ns, "workflows", var workflow, var run, "history"])
        {
            return null;
        }

        var query = HttpUtility.ParseQueryString(url.Query);
        var type = TypeOf(query["eventType"] ?? "");
        var (of, id, by) = (Uri.UnescapeDataString(ns), Uri.UnescapeDataString(workflow), Uri.UnescapeDataString(run));
        if (query["referenceType"] == ByRequest)
        {
            return ToRequest(of, id, by, query["requestID"] ?? "", type);
        }

        return long.TryParse(query["eventID"], NumberStyles.None, CultureInfo.InvariantCulture, out var eventId) || query["eventID"] is null
            ? ToEvent(of, id, by, eventId, type) : null;
    }

    /// <summary>Both the short name, as <c>NexusOperationScheduled</c>, and the enum's own are in use.</summary>
    private static EventType TypeOf(string name)
    {
        var plain = name.StartsWith(TypePrefix, StringComparison.Ordinal) ? name[TypePrefix.Length..].Replace("_", "", StringComparison.Ordinal) : name;
        return Enum.TryParse<EventType>(plain, ignoreCase: true, out var type) ? type : EventType.Unspecified;
    }
}
