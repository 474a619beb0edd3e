using System.Text;
using Flagstone.Platform.Resources;
using System.Text.Json.Nodes;
using Flagstone.Provisioning.Compositions.GoTemplating.Engine;

namespace Flagstone.Provisioning.Compositions.GoTemplating;

/// <summary>
/// What templates see: <c>RunFunctionRequest</c> as protojson writes it. What is empty is not there, values of secrets are Base64, and
/// every number is a float64.
/// </summary>
internal static class RequestData
{
    public static GoMap Of(JsonObject input, Rendering rendering)
    {
        var request = new GoMap();
        Add(request, "observed", State(rendering.Composite, rendering.CompositeConnection, ready: null, Observed(rendering)));
        Add(request, "desired", State(rendering.DesiredComposite, rendering.Connection, rendering.CompositeReady, Desired(rendering)));
        Add(request, "input", Tree(input));
        Add(request, "context", Tree(rendering.Context));
        // The protocol renamed them; the old name is what templates use.
        Add(request, "extraResources", Required(rendering));
        Add(request, "requiredResources", Required(rendering));
        Add(request, "credentials", Credentials(rendering));
        return request;
    }

    private static void Add(GoMap map, string name, object? value)
    {
        if (value is not GoMap { Count: 0 })
        {
            map[name] = value;
        }
    }

    private static GoMap Tree(JsonObject document) => (GoMap)GoValue.From(document, allFloat: true)!;

    private static GoMap State(JsonObject composite, IReadOnlyDictionary<string, string> connection, bool? ready, GoMap resources)
    {
        var state = new GoMap { ["composite"] = Resource(composite, connection, ready) };
        Add(state, "resources", resources);
        return state;
    }

    private static GoMap Observed(Rendering rendering)
    {
        var resources = new GoMap();
        foreach (var (name, observed) in rendering.Observed)
        {
            resources[name] = Resource(observed.Document, observed.Connection, ready: null);
        }

        return resources;
    }

    private static GoMap Desired(Rendering rendering)
    {
        var resources = new GoMap();
        foreach (var (name, desired) in rendering.Desired)
        {
            resources[name] = Resource(desired.Document, connection: null, desired.Ready);
        }

        return resources;
    }

    private static GoMap Resource(JsonObject document, IReadOnlyDictionary<string, string>? connection, bool? ready)
    {
        var resource = new GoMap { ["resource"] = Tree(document) };
        Add(resource, "connectionDetails", Bytes(connection ?? new Dictionary<string, string>()));
        if (ready is { } known)
        {
            resource["ready"] = known ? "READY_TRUE" : "READY_FALSE";
        }

        return resource;
    }

    private static GoMap Required(Rendering rendering)
    {
        var all = new GoMap();
        foreach (var (name, found) in rendering.Required)
        {
            var items = new GoMap();
            if (found.Count > 0)
            {
                items["items"] = found.Select(r => (object?)Resource(r, connection: null, ready: null)).ToList();
            }

            all[name] = items;
        }

        return all;
    }

    private static GoMap Credentials(Rendering rendering)
    {
        var all = new GoMap();
        foreach (var (name, values) in rendering.Credentials)
        {
            all[name] = new GoMap { ["credentialData"] = new GoMap { ["data"] = Bytes(values) } };
        }

        return all;
    }

    private static GoMap Bytes(IReadOnlyDictionary<string, string> values)
    {
        var map = new GoMap();
        foreach (var (key, value) in values)
        {
            map[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value));
        }

        return map;
    }
}
