using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;

namespace Flagstone.Provisioning.Managed;

/// <summary>
/// What a provider does for its kinds, after crossplane-runtime's ExternalClient. Each call is idempotent: it may come again after a crash,
/// with the same names and token.
/// </summary>
internal interface IProviderDriver
{
    /// <summary>
    /// The provider's name, as settings, metrics and people have it. Drivers of one name share its bulkhead and its health. Unless it is said,
    /// that of the type: <c>sql</c> of SqlDriver.
    /// </summary>
    string Provider => GetType().Name is var name && name.EndsWith("Driver", StringComparison.Ordinal) ? name[..^"Driver".Length].ToLowerInvariant() : name.ToLowerInvariant();

    /// <summary>The kinds that it makes.</summary>
    IReadOnlyList<KindDefinition> Kinds { get; }

    /// <summary>
    /// True when the external name is chosen here: then Observe tells whether a creation of unknown outcome happened, and it goes on by
    /// itself. Otherwise the same token tells, while the provider knows it; after that it is parked until someone decides.
    /// </summary>
    bool NamesAreOurs(KindDefinition kind) => true;

    /// <summary>How long the provider takes two creations with one token for one; null when tokens mean nothing to it.</summary>
    TimeSpan? TokenLife(KindDefinition kind) => null;

    /// <summary>
    /// What must be in the connection secret before the creation is called, so that each try asks for the same: a password that is made
    /// here. Empty when there is nothing, or when it is there.
    /// </summary>
    IReadOnlyDictionary<string, string> Generate(ManagedResource resource) => new Dictionary<string, string>();

    /// <summary>How often a thing that is as it should be is looked at, unless its annotation says otherwise: how soon a change from outside is seen.</summary>
    TimeSpan PollEvery => TimeSpan.FromMinutes(10);

    /// <summary>
    /// At which place the thing is, or would be made: a server, an account. It is written down before the creation is called, and the driver keeps to it
    /// whatever its settings say later. Empty for a provider of one place, and while it cannot be told.
    /// </summary>
    Task<string> PlaceAsync(JsonObject document, CancellationToken ct) => Task.FromResult("");

    Task<Observation> ObserveAsync(ManagedResource resource, CancellationToken ct);

    Task<DriverOutcome> CreateAsync(ManagedResource resource, CancellationToken ct);

    Task<DriverOutcome> UpdateAsync(ManagedResource resource, CancellationToken ct);

    Task<DriverOutcome> DeleteAsync(ManagedResource resource, CancellationToken ct);

    /// <summary>How an operation goes on that an earlier call <see cref="Started"/>.</summary>
    Task<DriverOutcome> PollAsync(ManagedResource resource, Operation operation, CancellationToken ct) =>
        Task.FromResult<DriverOutcome>(new Forgotten($"The provider starts nothing that goes on, and does not know of '{operation.Handle}'"));
}

/// <summary>What a driver is given.</summary>
/// <param name="ExternalName">The thing's name at the provider; empty while only the provider could tell it.</param>
/// <param name="Token">The creation's token; the same for each try.</param>
/// <param name="Connection">What its connection secret holds now; empty when there is none.</param>
internal sealed record ManagedResource(
    KindDefinition Kind, ResourceKey Key, JsonObject Document, string ExternalName, string Token, IReadOnlyDictionary<string, string> Connection)
{
    public JsonObject ForProvider => Document.At("spec", "forProvider") as JsonObject ?? [];

    /// <summary>Where it was made (<see cref="IProviderDriver.PlaceAsync"/>); empty before.</summary>
    public string Place => Document.Annotation(Names.PlaceAnnotation);

    /// <summary>The ProviderConfig that it names; empty for none. Crossplane's kinds name <c>default</c> where nobody did: that is none.</summary>
    public static string ConfigOf(JsonObject document) => document.At("spec", "providerConfigRef").Text("name") is var name && name != "default" ? name : "";
}

/// <summary>What is there.</summary>
internal abstract record Observation
{
    private protected Observation()
    {
    }
}

internal sealed record Absent : Observation;

/// <param name="Difference">How it differs from what is wanted; null when it does not.</param>
/// <param name="NotReady">Why it cannot be used yet; null when it can.</param>
/// <param name="AtProvider">For <c>status.atProvider</c>.</param>
/// <param name="Connection">What the connection secret should hold; nothing is taken out of it.</param>
/// <param name="Note">What people must know of it; empty for nothing.</param>
internal sealed record Present(
    string? Difference, string? NotReady, JsonObject AtProvider, IReadOnlyDictionary<string, string> Connection, string Note = "") : Observation
{
    public bool Simulated { get; init; }

    /// <summary>When the provider will have news of what is not ready yet, where it tells; null to look again soon.</summary>
    public TimeSpan? LookAfter { get; init; }

    /// <summary>How it differs in what no update mends; null when it does not. It is said, and never made anew.</summary>
    public string? Unfixable { get; init; }

    /// <summary>What the provider itself says goes wrong while it keeps the thing; null when nothing does.</summary>
    public string? Failing { get; init; }

    /// <summary>The difference field by field, as far as the driver can tell.</summary>
    public IReadOnlyList<FieldDrift> Drift { get; init; } = [];
}

/// <summary>One field that is not as wanted.</summary>
/// <param name="Path">A field path below <c>spec</c>, such as <c>forProvider.storageEncrypted</c>.</param>
/// <param name="Wanted">Null when it should not be there.</param>
/// <param name="Actual">Null when it is not there.</param>
internal sealed record FieldDrift(string Path, JsonNode? Wanted, JsonNode? Actual)
{
    /// <summary>True when only another thing in its place could have it.</summary>
    public bool NeedsReplacement { get; init; }
}

/// <summary>Something of that name is there, and it is not this resource's: it is neither changed nor deleted.</summary>
internal sealed record Foreign(string Problem) : Observation;

/// <summary>It cannot be told what is there, and why.</summary>
internal sealed record Unobservable(string Problem) : Observation
{
    /// <summary>True when the resource is at fault, such as by naming a ProviderConfig that is not there, and not the provider.</summary>
    public bool OfResource { get; init; }
}

/// <summary>How a call ended.</summary>
internal abstract record DriverOutcome
{
    private protected DriverOutcome()
    {
    }
}

/// <param name="Connection">What the connection secret should hold; empty for no change.</param>
internal sealed record Done(IReadOnlyDictionary<string, string> Connection) : DriverOutcome
{
    public static Done Plain { get; } = new(new Dictionary<string, string>());

    /// <summary>The name that the provider gave; empty for no change.</summary>
    public string ExternalName { get; init; } = "";
}

/// <summary>It goes on at the provider.</summary>
/// <param name="Handle">What the provider knows it by; it is in the ledger before anything else happens.</param>
/// <param name="LookAfter">When to look next.</param>
/// <param name="ExternalName">The thing's name, as soon as the provider tells it; empty before.</param>
internal sealed record Started(string Handle, TimeSpan LookAfter, string ExternalName = "") : DriverOutcome;

/// <summary>It did not happen.</summary>
internal sealed record Failed(string Problem) : DriverOutcome
{
    /// <summary>True when the same call will fail again: it is repeated seldom, or when the resource changes.</summary>
    public bool Terminal { get; init; }

    /// <summary>True when the provider would answer this failure to the same token again.</summary>
    public bool TokenSpent { get; init; }
}

/// <summary>The provider knows of no such operation any more: how it ended is for Observe or for the token to tell.</summary>
internal sealed record Forgotten(string Problem) : DriverOutcome;

/// <summary>It may have happened, and neither Observe nor the token can tell: someone must decide.</summary>
internal sealed record Parked(string Problem) : DriverOutcome;

/// <summary>It did not happen, since something that it needs is not there yet, or something that needs it still is.</summary>
internal sealed record Waiting(string For) : DriverOutcome;

/// <summary>It may have happened: the answer was lost.</summary>
internal sealed record Unknown(string Problem) : DriverOutcome;
