using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;
using Flagstone.Provisioning.Plans;

namespace Flagstone.Provisioning.Providers.Simulated;

/// <summary>
/// Makes every kind that no other provider here makes: it remembers what was asked of it, answers with a short latency, and marks everything as
/// simulated. Nothing of it can be taken for a real endpoint.
/// </summary>
/// <param name="kinds">Those that it registers itself.</param>
internal sealed class SimulatedDriver(SimulatedThings things, SimulatedOptions options, IReadOnlyList<KindDefinition> kinds, TimeProvider clock) : IProviderDriver
{
    public const string Note = "SIMULATED";

    private static readonly TimeSpan InstanceLatency = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SlowCall = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan RemembersTokens = TimeSpan.FromHours(36);

    private readonly SimulatedFaults faults = new(options);

    public IReadOnlyList<KindDefinition> Kinds => kinds;

    public bool NamesAreOurs(KindDefinition kind) => SimulatedKinds.NamesAreOurs(kind.Id);

    public TimeSpan? TokenLife(KindDefinition kind) => RemembersTokens;

    public async Task<Observation> ObserveAsync(ManagedResource resource, CancellationToken ct)
    {
        if (resource.ExternalName.Length == 0 || await things.FindAsync(resource, ct) is not { } made)
        {
            return new Absent();
        }

        var readyAt = DateTimeOffset.Parse(made.Text("readyAt"), CultureInfo.InvariantCulture);
        var drift = FieldChanges.Between(made["forProvider"] as JsonObject ?? [], resource.ForProvider)
            .Select(c => new FieldDrift($"forProvider{c.Path.Replace('/', '.')}", c.Value?.DeepClone(), c.Before?.DeepClone())).ToList();
        return new Present(
            drift.Count == 0 ? null : string.Join("; ", drift.Select(d => $"spec.{d.Path} is {d.Actual?.ToJsonString() ?? "not set"} and should be {d.Wanted?.ToJsonString() ?? "not set"}")),
            clock.GetUtcNow() >= readyAt ? null : "the simulated provider is making it",
            SimulatedAnswers.AtProvider(resource, made), SimulatedAnswers.Connection(resource, made), Note)
        {
            Simulated = true,
            Drift = drift,
            LookAfter = readyAt - clock.GetUtcNow(),
        };
    }

    public Task<DriverOutcome> CreateAsync(ManagedResource resource, CancellationToken ct)
    {
        // A provider that chooses the name makes one thing of one token.
        var name = NamesAreOurs(resource.Kind) ? resource.ExternalName
            : $"ticket-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(resource.Token)))[..16]}";
        return CallAsync(resource, "create", Done.Plain with { ExternalName = name == resource.ExternalName ? "" : name }, async () =>
            await things.MakeAsync(resource with { ExternalName = name }, new JsonObject
            {
                ["id"] = $"sim-{name}",
                ["arn"] = $"arn:simulated:{resource.Kind.Id.Group.Split('.')[0]}:simulated-1:000000000000:{resource.Kind.SingularName}/{name}",
                ["token"] = resource.Token,
                ["password"] = $"simulated-{RandomNumberGenerator.GetHexString(24, lowercase: true)}",
                ["readyAt"] = (clock.GetUtcNow() + Latency(resource)).ToString("O", CultureInfo.InvariantCulture),
                ["forProvider"] = resource.ForProvider.DeepClone(),
            }, ct), ct);
    }

    public Task<DriverOutcome> UpdateAsync(ManagedResource resource, CancellationToken ct) => CallAsync(resource, "update", Done.Plain, async () =>
    {
        if (await things.FindAsync(resource, ct) is { } made)
        {
            made["forProvider"] = resource.ForProvider.DeepClone();
            await things.ChangeAsync(resource, made, ct);
        }
    }, ct);

    public Task<DriverOutcome> DeleteAsync(ManagedResource resource, CancellationToken ct) =>
        CallAsync(resource, "delete", Done.Plain, () => things.ForgetAsync(resource, ct), ct);

    private async Task<DriverOutcome> CallAsync(ManagedResource resource, string verb, DriverOutcome done, Func<Task> effect, CancellationToken ct)
    {
        var fault = faults.Next($"{resource.Key}", verb);
        if (fault == SimulatedFault.Refused)
        {
            return new Failed("the simulated provider refuses this call");
        }

        if (fault == SimulatedFault.Slow)
        {
            await Task.Delay(SlowCall, clock, ct);
        }

        await effect();
        return fault switch
        {
            SimulatedFault.LostReply => new Unknown("the simulated provider's answer was lost"),
            SimulatedFault.FailureAfterSuccess => new Unknown("the simulated provider answered 500"),
            _ => done,
        };
    }

    private TimeSpan Latency(ManagedResource resource) =>
        options.Latency ?? (resource.Kind.Kind is "Instance" or "ReplicationGroup" ? InstanceLatency : TimeSpan.Zero);
}
