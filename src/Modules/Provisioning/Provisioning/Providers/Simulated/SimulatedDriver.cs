using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Data;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Simulated;

/// <summary>
/// Stands in for AWS where there is none: it keeps what was asked of it in files, answers with a short latency, and marks everything as
/// simulated. Nothing of it can be taken for a real endpoint.
/// </summary>
internal sealed class SimulatedDriver(DataFolder folder, TimeProvider clock) : IProviderDriver
{
    public const string Note = "SIMULATED";

    private static readonly TimeSpan InstanceLatency = TimeSpan.FromMilliseconds(500);

    public IReadOnlyList<KindDefinition> Kinds => SimulatedKinds.All;

    public async Task<Observation> ObserveAsync(ManagedResource resource, CancellationToken ct)
    {
        var file = FileOf(resource);
        if (!File.Exists(file))
        {
            return new Absent();
        }

        var made = JsonNode.Parse(await File.ReadAllTextAsync(file, ct))!.AsObject();
        var readyAt = DateTimeOffset.Parse(made.Text("readyAt"), CultureInfo.InvariantCulture);
        return new Present(
            JsonNode.DeepEquals(made["forProvider"], resource.ForProvider) ? null : "spec.forProvider differs from what was made",
            clock.GetUtcNow() >= readyAt ? null : "the simulated provider is making it",
            new JsonObject { ["id"] = made.Text("id"), ["arn"] = made.Text("arn") },
            ConnectionOf(resource, made), Note) { Simulated = true };
    }

    public Task<DriverOutcome> CreateAsync(ManagedResource resource, CancellationToken ct)
    {
        var file = FileOf(resource);
        if (!File.Exists(file))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            var latency = resource.Kind.Kind == "Instance" ? InstanceLatency : TimeSpan.Zero;
            Write(file, new JsonObject
            {
                ["id"] = $"sim-{resource.ExternalName}",
                ["arn"] = $"arn:simulated:{resource.Kind.Id.Group.Split('.')[0]}:simulated-1:000000000000:{resource.Kind.SingularName}/{resource.ExternalName}",
                ["token"] = resource.Token,
                ["password"] = $"simulated-{RandomNumberGenerator.GetHexString(24, lowercase: true)}",
                ["readyAt"] = (clock.GetUtcNow() + latency).ToString("O", CultureInfo.InvariantCulture),
                ["forProvider"] = resource.ForProvider.DeepClone(),
            });
        }

        return Task.FromResult<DriverOutcome>(Done.Plain);
    }

    public async Task<DriverOutcome> UpdateAsync(ManagedResource resource, CancellationToken ct)
    {
        var file = FileOf(resource);
        var made = JsonNode.Parse(await File.ReadAllTextAsync(file, ct))!.AsObject();
        made["forProvider"] = resource.ForProvider.DeepClone();
        Write(file, made);
        return Done.Plain;
    }

    public Task<DriverOutcome> DeleteAsync(ManagedResource resource, CancellationToken ct)
    {
        File.Delete(FileOf(resource));
        return Task.FromResult<DriverOutcome>(Done.Plain);
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

    /// <summary>External names come from annotations: they are hashed, so that none can leave the folder.</summary>
    private string FileOf(ManagedResource resource) => folder.In(
        "simulated", resource.Kind.Id.ToString(), $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(resource.ExternalName)))[..32]}.json");

    private static void Write(string file, JsonObject made) => DataFolder.WritePrivate(file, Encoding.UTF8.GetBytes(made.ToJsonString()));
}
