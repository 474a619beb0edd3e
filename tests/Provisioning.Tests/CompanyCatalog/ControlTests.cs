using System.Text.Json.Nodes;
using CsCheck;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Tests.CompanyCatalog;

/// <summary>
/// The company's controls, on what is rendered: whatever a developer writes into a claim, of the parameters that there are and of those that
/// there are not, each control holds.
/// </summary>
public sealed class ControlTests
{
    private static readonly string[] Compositions = ["postgresql-aws-standard", "s3bucket-aws-standard", "sqsqueue-aws-standard", "elasticache-aws-standard"];

    private static readonly Dictionary<string, string> Production = new(StringComparer.Ordinal)
    {
        ["flagstone.dev/environment"] = "prod", ["flagstone.dev/team"] = "claims", ["flagstone.dev/service"] = "claims-service", ["flagstone.dev/cost-centre"] = "cc-4711",
    };

    /// <summary>What someone who wants to be rid of a control would write; none of it is a parameter.</summary>
    private static readonly string[] Undoing =
    [
        "storageEncrypted", "kmsKeyId", "publiclyAccessible", "backupRetentionPeriod", "deletionProtection", "skipFinalSnapshot", "dbSubnetGroupName", "tags",
        "manageMasterUserPassword", "password", "parameterGroupName", "blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets", "versioning",
        "encryption", "policy", "forceDestroy", "acl", "sqsManagedSseEnabled", "kmsMasterKeyId", "atRestEncryptionEnabled", "transitEncryptionEnabled", "authToken",
        "snapshotRetentionLimit", "subnetGroupName", "securityGroupIds", "role", "environment",
    ];

    public static TheoryData<string, string> Controls() => new(Control.All.SelectMany(c => c.Compositions.Select(composition => (composition, c.Name))));

    [Theory]
    [MemberData(nameof(Controls))]
    public void A_control_holds_for_the_least_claim(string composition, string control) =>
        Hold(control, RenderedCatalog.Render(composition, Claim(composition, []), Production));

    [Theory]
    [MemberData(nameof(Controls))]
    public void A_control_holds_whatever_the_parameters_are(string composition, string control) => Parameters(composition).Sample(
        parameters => Hold(control, RenderedCatalog.Render(composition, Claim(composition, parameters), Production)), iter: 60, threads: 1);

    [Theory]
    [MemberData(nameof(Controls))]
    public void No_field_that_is_no_parameter_undoes_a_control(string composition, string control)
    {
        foreach (var member in Undoing)
        {
            foreach (JsonNode value in (JsonNode[])[false, 0, "", "none", new JsonObject(), new JsonArray()])
            {
                var claim = Claim(composition, new JsonObject { [member] = value.DeepClone() });
                claim["spec"]!.AsObject()[member] = value.DeepClone();
                Hold(control, RenderedCatalog.Render(composition, claim, Production));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Controls))]
    public void No_label_or_annotation_of_a_claim_undoes_a_control(string composition, string control)
    {
        var claim = Claim(composition, []);
        foreach (var map in (string[])["labels", "annotations"])
        {
            claim.Metadata()[map] = new JsonObject
            {
                ["flagstone.dev/environment"] = "dev", ["flagstone.dev/team"] = "nobody", ["flagstone.dev/cost-centre"] = "free", ["flagstone.dev/service"] = "other",
                ["crossplane.io/claim-namespace"] = "other", ["crossplane.io/external-name"] = "other",
            };
        }

        Hold(control, RenderedCatalog.Render(composition, claim, Production));
    }

    [Fact]
    public void Each_parameter_of_each_composition_is_tried()
    {
        foreach (var composition in Compositions)
        {
            var generated = Parameters(composition).Array[400].Single().SelectMany(p => p.Select(m => m.Key)).ToHashSet(StringComparer.Ordinal);
            Assert.Subset(generated, RenderedCatalog.Parameters(composition).Select(p => p.Key).ToHashSet(StringComparer.Ordinal));
        }
    }

    [Theory]
    [InlineData("prod", true)]
    [InlineData("production", true)]
    [InlineData("", true)]
    [InlineData("dev", false)]
    [InlineData("preview", false)]
    public void Only_what_may_be_thrown_away_is_not_protected_from_deletion(string environment, bool isProtected)
    {
        var labels = environment.Length > 0 ? new Dictionary<string, string> { ["flagstone.dev/environment"] = environment } : [];

        var instance = RenderedCatalog.Render("postgresql-aws-standard", Claim("postgresql-aws-standard", []), labels)["instance"];

        Assert.Equal(isProtected, instance.At("spec", "forProvider", "deletionProtection")!.GetValue<bool>());
    }

    private static void Hold(string control, Dictionary<string, JsonObject> rendered)
    {
        var problem = Control.All.Single(c => c.Name == control).Problem(rendered);
        Assert.True(problem is null, $"{control}: {problem}");
    }

    private static JsonObject Claim(string composition, JsonObject parameters)
    {
        var kind = RenderedCatalog.ClaimKind(composition);
        return new JsonObject
        {
            ["apiVersion"] = kind.ApiVersion,
            ["kind"] = kind.Kind,
            ["metadata"] = new JsonObject { ["name"] = "orders", ["namespace"] = "claims-service" },
            ["spec"] = new JsonObject { ["parameters"] = parameters.DeepClone(), ["compositionRef"] = new JsonObject { ["name"] = composition } },
        };
    }

    /// <summary>Any choice of the parameters that there are, each within its schema.</summary>
    private static Gen<JsonObject> Parameters(string composition)
    {
        var all = RenderedCatalog.Parameters(composition).Select(p => (p.Key, Value: Value(p.Value!))).ToList();
        return Gen.Bool.Array[all.Count].SelectMany(chosen => Gen.Int[0, int.MaxValue].Array[all.Count].Select(seeds =>
            new JsonObject(all.Where((_, i) => chosen[i]).Select((p, i) => KeyValuePair.Create<string, JsonNode?>(p.Key, p.Value(seeds[i]))))));
    }

    private static Func<int, JsonNode> Value(JsonNode schema) => schema.Text("type") switch
    {
        "boolean" => seed => seed % 2 == 0,
        "integer" => seed => Bound(schema, "minimum") + (seed % (Bound(schema, "maximum") - Bound(schema, "minimum") + 1)),
        _ when schema["enum"] is JsonArray values => seed => values[seed % values.Count]!.DeepClone(),
        _ => seed => ((string[])["15", "16.4", "db.t3.large", "", "a b", "\"}]"])[seed % 6] is var text && schema["default"]?.ToString() is "15" ? $"{14 + (seed % 4)}" : text,
    };

    private static long Bound(JsonNode schema, string name) => long.Parse(schema[name]!.ToJsonString(), null);
}
