using System.Text.Json.Nodes;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Schemas;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Temporal;

/// <summary>Namespaces of Temporal's API, and where they are.</summary>
internal static class TemporalKinds
{
    public const string Group = "temporal.flagstone.dev";

    private static readonly TimeSpan ShortestRetention = TimeSpan.FromHours(1);

    public static KindDefinition Namespace { get; } = ManagedKinds.Make("temporalnamespaces", Group, "v1alpha1", "TemporalNamespace", """
        {
          "type": "object",
          "properties": {
            "description": { "type": "string", "maxLength": 4096, "default": "" },
            "ownerEmail": { "type": "string", "maxLength": 320, "default": "" },
            "retention": { "type": "string", "default": "72h", "description": "How long a closed workflow execution is kept: a Go duration of an hour or more." },
            "searchAttributes": {
              "type": "object",
              "description": "Its own search attributes, with their types.",
              "maxProperties": 100,
              "additionalProperties": { "type": "string", "enum": ["Text", "Keyword", "Int", "Double", "Bool", "Datetime", "KeywordList"] }
            }
          }
        }
        """) with { Validate = Check };

    /// <summary>Where a Temporal server is. What names none is made here.</summary>
    public static KindDefinition Config { get; } = new()
    {
        Id = new KindId("providerconfigs", Group),
        Version = "v1alpha1",
        Kind = "ProviderConfig",
        // Who may write one has the platform connect to any address: it is no kind for namespaces.
        Namespaced = false,
        HasStatus = true,
        Categories = ["crossplane", "provider", "temporal"],
        Schema = StructuralSchema.Parse("""
            {
              "type": "object",
              "required": ["spec"],
              "properties": {
                "spec": {
                  "type": "object",
                  "required": ["address"],
                  "properties": {
                    "address": { "type": "string", "minLength": 3, "maxLength": 300, "description": "HOST:PORT of the server's frontend." },
                    "tls": { "type": "boolean", "default": true, "description": "False for a server that speaks in the clear." },
                    "credentials": {
                      "type": "object",
                      "description": "A Secret with any of the keys apiKey, tls.crt and tls.key of the client, and ca.crt of the server.",
                      "required": ["secretRef"],
                      "properties": {
                        "secretRef": {
                          "type": "object",
                          "required": ["namespace", "name"],
                          "properties": { "namespace": { "type": "string" }, "name": { "type": "string" } }
                        }
                      }
                    }
                  }
                },
                "status": { "type": "object", "x-kubernetes-preserve-unknown-fields": true }
              }
            }
            """),
        Columns = [new("ADDRESS", ".spec.address"), new("AGE", ".metadata.creationTimestamp", "date")],
    };

    private static IEnumerable<ProblemCause> Check(JsonObject next, JsonObject? before)
    {
        var retention = next.At("spec", "forProvider").Text("retention");
        if (!GoDuration.TryParse(retention, out var kept) || kept < ShortestRetention)
        {
            yield return new ProblemCause(
                "spec.forProvider.retention", "FieldValueInvalid", $"Invalid value: \"{retention}\": must be a duration of an hour or more, such as 72h");
        }
    }
}
