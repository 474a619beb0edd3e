using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Runs;

/// <summary>For whom a run acts, and which run it is.</summary>
internal sealed record RunOwner(Caller Caller, ResourceKey Run, Guid Id)
{
    /// <summary>On each resource that a run makes: the run's uid.</summary>
    public const string Annotation = "flagstone.dev/run";

    /// <summary>The platform, on behalf of the run's maker: kinds that people do not make themselves come into being this way.</summary>
    public Caller Platform => Caller.System("scaffolder") with { Actor = new Actor("system:scaffolder", Caller.Actor.Id) };

    public WriteOptions Options => new() { Origin = $"run:{Run.Name}", FieldManager = "flagstone-scaffolder", Correlation = Id.ToString() };
}
