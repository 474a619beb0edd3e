using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Provisioning.Compositions.External.Protocol;
using Flagstone.Provisioning.Compositions.PatchAndTransform;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Condition = Flagstone.Provisioning.Compositions.External.Protocol.Condition;

namespace Flagstone.Provisioning.Compositions.External;

/// <summary>A rendering as a request of the functions' protocol, and a response as what it changes in the rendering. Pure.</summary>
internal static class FunctionMessages
{
    public static RunFunctionRequest Request(JsonObject input, Rendering rendering)
    {
        var request = new RunFunctionRequest
        {
            Observed = new State
            {
                Composite = Resource(rendering.Composite, rendering.CompositeConnection),
                Resources = { rendering.Observed.ToDictionary(o => o.Key, o => Resource(o.Value.Document, o.Value.Connection)) },
            },
            Desired = new State
            {
                Composite = Resource(rendering.DesiredComposite, rendering.Connection, rendering.CompositeReady),
                Resources = { rendering.Desired.ToDictionary(d => d.Key, d => Resource(d.Value.Document, null, d.Value.Ready)) },
            },
            Input = Struct(input),
            Context = Struct(rendering.Context),
            Credentials =
            {
                rendering.Credentials.ToDictionary(c => c.Key, c => new Credentials
                {
                    CredentialData = new CredentialData { Data = { c.Value.ToDictionary(v => v.Key, v => ByteString.CopyFromUtf8(v.Value)) } },
                }),
            },
        };
        foreach (var (name, found) in rendering.Required)
        {
            var resources = new Resources { Items = { found.Select(f => Resource(f, null)) } };
            request.RequiredResources[name] = resources;
            request.ExtraResources[name] = resources;
        }

        return request;
    }

    /// <exception cref="FatalResultException">One of the results is fatal.</exception>
    public static void Apply(RunFunctionResponse response, Rendering rendering)
    {
        foreach (var result in response.Results)
        {
            if (result.Severity == Protocol.Severity.Fatal)
            {
                throw new FatalResultException(result.Message);
            }

            rendering.Results.Add(new FunctionResult(
                result.Severity == Protocol.Severity.Warning ? Severity.Warning : Severity.Normal, result.Message,
                result.HasReason ? result.Reason : null, result.Target == Target.CompositeAndClaim));
        }

        foreach (var (name, selector) in response.Requirements?.ExtraResources.Concat(response.Requirements.Resources) ?? [])
        {
            rendering.Requirements[name] = Selector(selector);
        }

        rendering.TimeToLive = response.Meta?.Ttl?.ToTimeSpan();
        rendering.Conditions.AddRange(response.Conditions.Select(Condition));
        Fill(rendering.Context, response.Context);
        Fill(rendering.DesiredComposite, response.Desired?.Composite?.Resource_);
        rendering.CompositeReady = Ready(response.Desired?.Composite?.Ready);
        rendering.Connection.Clear();
        foreach (var (key, value) in response.Desired?.Composite?.ConnectionDetails ?? [])
        {
            rendering.Connection[key] = value.ToStringUtf8();
        }

        rendering.Desired.Clear();
        foreach (var (name, resource) in response.Desired?.Resources.OrderBy(r => r.Key, StringComparer.Ordinal) ?? Enumerable.Empty<KeyValuePair<string, Resource>>())
        {
            rendering.Desired[name] = new DesiredResource(Document(resource.Resource_)) { Ready = Ready(resource.Ready) };
        }
    }

    private static Resource Resource(JsonObject document, IReadOnlyDictionary<string, string>? connection, bool? ready = null)
    {
        var resource = new Resource
        {
            Resource_ = Struct(document),
            Ready = ready switch { true => Protocol.Ready.True, false => Protocol.Ready.False, null => Protocol.Ready.Unspecified },
        };
        foreach (var (key, value) in connection ?? new Dictionary<string, string>())
        {
            resource.ConnectionDetails[key] = ByteString.CopyFromUtf8(value);
        }

        return resource;
    }

    private static bool? Ready(Protocol.Ready? ready) => ready switch { Protocol.Ready.True => true, Protocol.Ready.False => false, _ => null };

    private static ResourceSelector Selector(Protocol.ResourceSelector selector) => new(
        selector.ApiVersion, selector.Kind, selector.HasMatchName ? selector.MatchName : null,
        selector.MatchLabels?.Labels.ToDictionary(l => l.Key, l => l.Value, StringComparer.Ordinal), selector.HasNamespace ? selector.Namespace : null);

    private static FunctionCondition Condition(Condition condition) => new(
        condition.Type, condition.Status switch { Status.ConditionTrue => "True", Status.ConditionFalse => "False", _ => "Unknown" },
        condition.Reason, condition.HasMessage ? condition.Message : null, condition.Target == Target.CompositeAndClaim);

    private static void Fill(JsonObject target, Struct? source)
    {
        target.Clear();
        foreach (var (member, value) in Document(source).ToList())
        {
            target[member] = value?.DeepClone();
        }
    }

    private static JsonObject Document(Struct? source) => source is null ? [] : (JsonObject)Numbers.Settle(JsonNode.Parse(JsonFormatter.Default.Format(source)))!;

    private static Struct Struct(JsonObject document)
    {
        var result = new Struct();
        foreach (var (member, value) in document)
        {
            result.Fields[member] = Plain(value);
        }

        return result;
    }

    private static Value Plain(JsonNode? node) => node switch
    {
        JsonObject map => Value.ForStruct(Struct(map)),
        JsonArray list => Value.ForList([.. list.Select(Plain)]),
        JsonValue value => value.GetValueKind() switch
        {
            JsonValueKind.String => Value.ForString(value.GetValue<string>()),
            JsonValueKind.True => Value.ForBool(true),
            JsonValueKind.False => Value.ForBool(false),
            _ => Value.ForNumber(Numbers.Float(value)),
        },
        _ => Value.ForNull(),
    };
}
