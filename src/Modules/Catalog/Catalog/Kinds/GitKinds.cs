using System.Text.Json.Nodes;
using Flagstone.Catalog.Files;
using Flagstone.Catalog.Repositories;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Schemas;

namespace Flagstone.Catalog.Kinds;

/// <summary>Hosted repositories, and the sources that apply what lies in them. Both are the cluster's, so that administrators alone make them.</summary>
internal static class GitKinds
{
    public const string Group = "flagstone.dev";

    public static readonly KindId Repository = new("repositories", Group);
    public static readonly KindId Source = new("gitsources", Group);

    private const string Open = """{ "type": "object", "x-kubernetes-preserve-unknown-fields": true }""";

    private static readonly PrinterColumn Age = new("Age", ".metadata.creationTimestamp", "date");

    public static ResourceKey RepositoryKey(RepositoryName name) => new(Repository, "", name.Value);

    public static ResourceKey SourceKey(string name) => new(Source, "", name);

    public static IEnumerable<KindDefinition> All()
    {
        yield return new KindDefinition
        {
            Id = Repository,
            Kind = "Repository",
            Version = "v1alpha1",
            ShortNames = ["repo"],
            Namespaced = false,
            NameRule = NameRule.DnsLabel,
            HasStatus = true,
            Schema = StructuralSchema.Parse($$"""
                {
                  "type": "object",
                  "required": ["spec"],
                  "properties": {
                    "spec": {
                      "type": "object",
                      "properties": {
                        "description": { "type": "string" },
                        "namespace": { "type": "string", "description": "The namespace of its service: who may change that may push." },
                        "actor": { "type": "string", "description": "Who had it made." }
                      }
                    },
                    "status": {{Open}}
                  }
                }
                """),
            Columns = [new("Namespace", ".spec.namespace"), new("Commit", ".status.heads.main.commit"), Age],
        };
        yield return new KindDefinition
        {
            Id = Source,
            Kind = "GitSource",
            Version = "v1alpha1",
            ShortNames = ["gs"],
            Namespaced = false,
            HasStatus = true,
            Schema = StructuralSchema.Parse($$"""
                {
                  "type": "object",
                  "required": ["spec"],
                  "properties": {
                    "spec": {
                      "type": "object",
                      "required": ["repository", "namespaces"],
                      "properties": {
                        "repository": { "type": "string", "minLength": 1, "description": "The hosted repository." },
                        "branch": { "type": "string", "default": "main" },
                        "path": { "type": "string", "default": "", "description": "A folder or a file; empty for the whole repository." },
                        "namespaces": {
                          "type": "array", "minItems": 1, "items": { "type": "string", "minLength": 1 },
                          "description": "Where it may write. Manifests that name none go to the first."
                        },
                        "kinds": {
                          "type": "array", "items": { "type": "string", "minLength": 1 },
                          "description": "What it may write: PLURAL.GROUP, or *.GROUP. Empty: every namespaced kind that is not the platform's own or a right."
                        },
                        "createNamespace": { "type": "boolean", "default": false },
                        "actor": { "type": "string", "description": "For whom it acts where nobody pushed; the platform fills it in." }
                      }
                    },
                    "status": {{Open}}
                  }
                }
                """),
            Columns =
            [
                new("Repository", ".spec.repository"), new("Synced", ".status.conditions[?(@.type=='Synced')].status"),
                new("Commit", ".status.appliedCommit"), Age, new("Message", ".status.conditions[?(@.type=='Synced')].message", Priority: 1),
            ],
            Validate = (next, _) => CheckSource(next),
        };
    }

    private static IEnumerable<ProblemCause> CheckSource(JsonObject next)
    {
        var spec = next["spec"];
        if (!RepositoryName.TryParse(spec.Text("repository"), out _))
        {
            yield return Invalid("spec.repository", spec.Text("repository"), "it is no name of a repository");
        }

        if (spec.Text("branch") is { Length: > 0 } branch && !BranchName.TryParse(branch, out _))
        {
            yield return Invalid("spec.branch", branch, "it is no name of a branch");
        }

        if (!FolderPath.TryParse(spec.Text("path"), out _, out var refusal))
        {
            yield return Invalid("spec.path", spec.Text("path"), refusal);
        }
    }

    private static ProblemCause Invalid(string field, string value, string why) => new(field, "FieldValueInvalid", $"Invalid value: \"{value}\": {why}");
}
