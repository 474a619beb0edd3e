using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Simulated;

/// <summary>
/// Stands in for AWS where there is none: it remembers what was asked of it, answers with a short latency, and marks everything as
/// simulated. Nothing of it can be taken for a real endpoint.
/// </summary>
internal sealed class SimulatedDriver(SimulatedThings things, TimeProvider clock) : IProviderDriver
{
    public const string Note = "SIMULATED";

    private static readonly TimeSpan InstanceLatency = TimeSpan.FromMilliseconds(500);

    public IReadOnlyList<KindDefinition> Kinds => SimulatedKinds.All;

    public async Task<Observation> ObserveAsync(ManagedResource resource, CancellationToken ct)
    {
        if (await things.FindAsync(resource, ct) is not { } made)
        {
            return new Absent();
        }

        var readyAt = DateTimeOffset.Parse(made.Text("readyAt"), CultureInfo.InvariantCulture);
        return new Present(
            JsonNode.DeepEquals(made["forProvider"], resource.ForProvider) ? null : "spec.forProvider differs from what was made",
            clock.GetUtcNow() >= readyAt ? null : "the simulated provider is making it",
            new JsonObject { ["id"] = made.Text("id"), ["arn"] = made.Text("arn") },
            ConnectionOf(resource, made), Note) { Simulated = true };
    }

    public async Task<DriverOutcome> CreateAsync(ManagedResource resource, CancellationToken ct)
    {
        var latency = resource.Kind.Kind == "Instance" ? InstanceLatency : TimeSpan.Zero;
        await things.MakeAsync(resource, new JsonObject
        {
            ["id"] = $"sim-{resource.ExternalName}",
            ["arn"] = $"arn:simulated:{resource.Kind.Id.Group.Split('.')[0]}:simulated-1:000000000000:{resource.Kind.SingularName}/{resource.ExternalName}",
            ["token"] = resource.Token,
            ["password"] = $"simulated-{RandomNumberGenerator.GetHexString(24, lowercase: true)}",
            ["readyAt"] = (clock.GetUtcNow() + latency).ToString("O", CultureInfo.InvariantCulture),
            ["forProvider"] = resource.ForProvider.DeepClone(),
        }, ct);
        return Done.Plain;
    }

    public async Task<DriverOutcome> UpdateAsync(ManagedResource resource, CancellationToken ct)
    {
        if (await things.FindAsync(resource, ct) is { } made)
        {
            made["forProvider"] = resource.ForProvider.DeepClone();
            await things.ChangeAsync(resource, made, ct);
        }

        return Done.Plain;
    }

    public async Task<DriverOutcome> DeleteAsync(ManagedResource resource, CancellationToken ct)
    {
        await things.ForgetAsync(resource, ct);
        return Done.Plain;
    }

    private static Dictionary<string, string> ConnectionOf(ManagedResource resource, JsonObject made)
    {
        if (resource.Kind.Id is not { Plural: "instances", Group: SimulatedKinds.Rds })
        {
            return [];
        }

        var host = $"{resource.ExternalName}.rds.simulated.invalid";
        return new(StringComparer.Ordinal)
        {
            ["endpoint"] = host,
            ["address"] = host,
            ["port"] = "5432",
            ["username"] = resource.ForProvider.Text("username") is { Length: > 0 } user ? user : "postgres",
            ["password"] = made.Text("password"),
        };
    }
}
