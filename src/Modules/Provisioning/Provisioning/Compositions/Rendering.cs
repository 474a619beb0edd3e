using System.Text.Json.Nodes;

namespace Flagstone.Provisioning.Compositions;

/// <summary>A composed resource as it is, with the values of its connection secret.</summary>
internal sealed record ObservedResource(JsonObject Document, IReadOnlyDictionary<string, string> Connection);

/// <summary>A composed resource as it should be.</summary>
internal sealed class DesiredResource(JsonObject document)
{
    public JsonObject Document { get; } = document;

    /// <summary>What a function said of it last; null while none has said anything.</summary>
    public bool? Ready { get; set; }
}

/// <summary>
/// What goes through the functions of a composition, after <c>RunFunctionRequest</c> and <c>RunFunctionResponse</c> of
/// <c>apiextensions.fn.proto.v1</c>: the observed state, and the desired state that they build up. Each function changes it in place.
/// </summary>
internal sealed class Rendering(JsonObject composite, IReadOnlyDictionary<string, ObservedResource> observed)
{
    /// <summary>Where function-environment-configs and patch-and-transform keep the environment in the context.</summary>
    public const string EnvironmentKey = "apiextensions.crossplane.io/environment";

    public JsonObject Composite { get; } = composite;

    /// <summary>What the composite's own connection secret holds.</summary>
    public IReadOnlyDictionary<string, string> CompositeConnection { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, ObservedResource> Observed { get; } = observed;

    /// <summary>What the composite's status should say; only <c>status</c> counts.</summary>
    public JsonObject DesiredComposite { get; } = [];

    /// <summary>False keeps the composite from being ready and true makes it so, whatever its resources say; null: they decide.</summary>
    public bool? CompositeReady { get; set; }

    public OrderedDictionary<string, DesiredResource> Desired { get; } = [];

    /// <summary>What functions tell later ones, by key.</summary>
    public JsonObject Context { get; } = [];

    /// <summary>The environment in the context; made when it is not there.</summary>
    public JsonObject Environment
    {
        get
        {
            if (Context[EnvironmentKey] is not JsonObject environment)
            {
                Context[EnvironmentKey] = environment = new JsonObject { ["apiVersion"] = "internal.crossplane.io/v1alpha1", ["kind"] = "Environment" };
            }

            return environment;
        }
    }

    /// <summary>Connection details of the composite, as text.</summary>
    public Dictionary<string, string> Connection { get; } = new(StringComparer.Ordinal);

    /// <summary>What a function needs besides, by a name of its own. It is run again once that is in <see cref="Required"/>.</summary>
    public Dictionary<string, ResourceSelector> Requirements { get; } = new(StringComparer.Ordinal);

    /// <summary>What was required and fetched; a name with an empty list was looked for and not found.</summary>
    public Dictionary<string, IReadOnlyList<JsonObject>> Required { get; } = new(StringComparer.Ordinal);

    /// <summary>Values of the step's credentials, by name of the credential and key.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Credentials { get; set; } =
        new Dictionary<string, IReadOnlyDictionary<string, string>>();

    /// <summary>The time of functions that ask for it.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public List<FunctionCondition> Conditions { get; } = [];

    /// <summary>Results that are not fatal; a fatal one is thrown as <see cref="FatalResultException"/>.</summary>
    public List<FunctionResult> Results { get; } = [];

    /// <summary>What is not desired yet, as it waits for something: a later rendering has it.</summary>
    public List<DelayedResource> Delayed { get; } = [];

    /// <summary>For how long the answer of the function that ran last may be used again; null for its default.</summary>
    public TimeSpan? TimeToLive { get; set; }

    /// <summary>A copy that a function may change: what it changed counts once <see cref="Adopt"/> takes it over.</summary>
    public Rendering Fork()
    {
        var fork = new Rendering(Composite, Observed) { CompositeConnection = CompositeConnection, CompositeReady = CompositeReady, Credentials = Credentials, Clock = Clock };
        fork.TakeOver(this, copies: true);
        foreach (var (name, found) in Required)
        {
            fork.Required[name] = found;
        }

        return fork;
    }

    public void Adopt(Rendering fork)
    {
        CompositeReady = fork.CompositeReady;
        TimeToLive = fork.TimeToLive;
        TakeOver(fork, copies: false);
    }

    private void TakeOver(Rendering from, bool copies)
    {
        Fill(DesiredComposite, from.DesiredComposite);
        Fill(Context, from.Context);
        Desired.Clear();
        foreach (var (name, desired) in from.Desired)
        {
            Desired[name] = copies ? new DesiredResource((JsonObject)desired.Document.DeepClone()) { Ready = desired.Ready } : desired;
        }

        Connection.Clear();
        foreach (var (key, value) in from.Connection)
        {
            Connection[key] = value;
        }

        Conditions.Clear();
        Conditions.AddRange(from.Conditions);
        Results.Clear();
        Results.AddRange(from.Results);
        Delayed.Clear();
        Delayed.AddRange(from.Delayed);
    }

    private static void Fill(JsonObject target, JsonObject source)
    {
        target.Clear();
        foreach (var (member, value) in source)
        {
            target[member] = value?.DeepClone();
        }
    }

    public void Warn(string message) => Results.Add(new FunctionResult(Severity.Warning, message));
}

/// <summary>What a function asks the platform to fetch: one resource by name, or all that match the labels.</summary>
/// <param name="Name">Null to select by labels.</param>
/// <param name="Labels">Null to select by name; empty for all of the kind.</param>
internal sealed record ResourceSelector(
    string ApiVersion, string Kind, string? Name, IReadOnlyDictionary<string, string>? Labels = null, string? Namespace = null)
{
    public bool Equals(ResourceSelector? other) =>
        other is not null && (ApiVersion, Kind, Name, Namespace) == (other.ApiVersion, other.Kind, other.Name, other.Namespace)
        && Labels?.Count == other.Labels?.Count && (Labels ?? Nothing).All(l => other.Labels!.TryGetValue(l.Key, out var value) && value == l.Value);

    public override int GetHashCode() => HashCode.Combine(ApiVersion, Kind, Name, Namespace);

    private static readonly Dictionary<string, string> Nothing = [];
}

internal enum Severity
{
    Normal,
    Warning,
}

/// <param name="Reason">For the event; null for the function's default.</param>
/// <param name="OnClaim">True when the claim's author is to see it too.</param>
internal sealed record FunctionResult(Severity Severity, string Message, string? Reason = null, bool OnClaim = false)
{
    /// <summary>True when it says no more than that something waits, see <see cref="Rendering.Delayed"/>.</summary>
    public bool IsDelay { get; init; }
}

/// <summary>A composed resource that cannot be desired yet.</summary>
/// <param name="Document">As far as it is known.</param>
/// <param name="WaitsFor">What it waits for, as in <c>it waits for ...</c>.</param>
internal sealed record DelayedResource(string Name, JsonObject Document, string WaitsFor);

/// <summary>A condition that a function sets on the composite, and on its claim where asked.</summary>
/// <param name="Status"><c>True</c>, <c>False</c> or <c>Unknown</c>.</param>
internal sealed record FunctionCondition(string Type, string Status, string Reason, string? Message, bool OnClaim);
