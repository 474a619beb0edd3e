namespace Flagstone.Load;

/// <summary>A kind with the seed document's claim's schema and no controller, as the API server had it when it was measured.</summary>
internal static class BenchClaim
{
    public const string Path = "/apis/bench.flagstone.dev/v1alpha1/namespaces/default/benchclaims";

    public const string Definition = """
        {
          "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": { "name": "benchclaims.bench.flagstone.dev" },
          "spec": {
            "group": "bench.flagstone.dev", "scope": "Namespaced",
            "names": { "kind": "BenchClaim", "plural": "benchclaims", "singular": "benchclaim", "listKind": "BenchClaimList" },
            "versions": [{
              "name": "v1alpha1", "served": true, "storage": true, "subresources": { "status": {} },
              "schema": { "openAPIV3Schema": { "type": "object", "properties": {
                "spec": { "type": "object", "required": ["parameters"], "properties": {
                  "parameters": { "type": "object", "properties": {
                    "storageGB": { "type": "integer", "minimum": 20, "maximum": 16384 },
                    "instanceClass": { "type": "string", "default": "db.t3.medium" },
                    "multiAZ": { "type": "boolean", "default": false } } },
                  "compositionRef": { "type": "object", "properties": { "name": { "type": "string" } } },
                  "writeConnectionSecretToRef": { "type": "object", "properties": { "name": { "type": "string" } } } } },
                "status": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } } } }
            }]
          }
        }
        """;

    public static string Body(string name) => """
        {"apiVersion":"bench.flagstone.dev/v1alpha1","kind":"BenchClaim","metadata":{"name":"NAME"},"spec":{"parameters":{"storageGB":50,"instanceClass":"db.t3.medium","multiAZ":true},"compositionRef":{"name":"postgresql-aws-standard"},"writeConnectionSecretToRef":{"name":"NAME-connection"}}}
        """.Replace("NAME", name, StringComparison.Ordinal);
}
