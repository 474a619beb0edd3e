using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Simulated;

/// <summary>What the simulated provider tells of what it made: the members that compositions read of the real ones.</summary>
internal static class SimulatedAnswers
{
    public static JsonObject AtProvider(ManagedResource resource, JsonObject made)
    {
        var told = new JsonObject { ["id"] = made.Text("id"), ["arn"] = made.Text("arn") };
        switch (resource.Kind.Kind)
        {
            case "Instance":
                told["address"] = Host(resource);
                told["endpoint"] = $"{Host(resource)}:5432";
                told["masterUserSecretArn"] = $"{made.Text("arn")}/secret";
                break;
            case "ReplicationGroup":
                told["primaryEndpointAddress"] = Host(resource);
                break;
            case "Queue":
                told["url"] = $"https://sqs.simulated.invalid/000000000000/{resource.ExternalName}";
                break;
        }

        return told;
    }

    public static Dictionary<string, string> Connection(ManagedResource resource, JsonObject made) => resource.Kind.Kind switch
    {
        "Instance" => new(StringComparer.Ordinal)
        {
            ["endpoint"] = Host(resource),
            ["address"] = Host(resource),
            ["port"] = "5432",
            ["username"] = resource.ForProvider.Text("username") is { Length: > 0 } user ? user : "postgres",
            ["passwordSecretArn"] = $"{made.Text("arn")}/secret",
            ["password"] = made.Text("password"),
        },
        "ReplicationGroup" => new(StringComparer.Ordinal)
        {
            ["primary_endpoint_address"] = Host(resource),
            ["port"] = "6379",
            ["auth_token"] = made.Text("password"),
        },
        _ => [],
    };

    private static string Host(ManagedResource resource) => $"{resource.ExternalName}.{resource.Kind.Id.Group.Split('.')[0]}.simulated.invalid";
}
