using System.Text.Json.Nodes;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.Graphs;

namespace Flagstone.Provisioning.Tests.Compositions;

public sealed class TemplateReferenceTests
{
    [Theory]
    [InlineData("kmsKeyIdSelector", "Key")]
    [InlineData("dbSubnetGroupNameSelector", "SubnetGroup")]
    [InlineData("vpcSecurityGroupIdSelector", "SecurityGroup")]
    public void A_selector_by_the_same_controller_refers_to_the_kind_that_its_field_names(string field, string kind)
    {
        var references = References(
            Of("Instance", $$"""{ "spec": { "forProvider": { "nested": [ { "{{field}}": { "matchControllerRef": true } } ] } } }"""), Of(kind), Of("Policy"));

        Assert.Equal([new TemplateReference(0, 1, field)], references);
    }

    [Fact]
    public void A_selector_by_labels_refers_to_all_that_have_them_and_to_nothing_else()
    {
        var references = References(
            Of("Rule", """{ "spec": { "forProvider": { "targetSelector": { "matchLabels": { "role": "inside" } } } } }"""),
            Of("Group", """{ "metadata": { "labels": { "role": "inside" } } }"""), Of("Group", """{ "metadata": { "labels": { "role": "outside" } } }"""),
            Of("Group", """{ "metadata": { "labels": { "role": "inside", "more": "yes" } } }"""));

        Assert.Equal([1, 3], references.Select(r => r.To));
    }

    [Fact]
    public void A_selector_that_may_select_what_is_elsewhere_refers_to_nothing_here() =>
        Assert.Empty(References(Of("Instance", """{ "spec": { "forProvider": { "subnetIdSelector": { "matchLabels": { "access": "private" } } } } }"""), Of("Subnet")));

    [Fact]
    public void A_reference_by_name_leads_to_the_resource_of_that_name()
    {
        var references = References(
            Of("Instance", """{ "spec": { "forProvider": { "subnetIdRefs": [ { "name": "b" } ] }, "providerConfigRef": { "name": "a" } } }"""),
            Of("Subnet", """{ "metadata": { "name": "a" } }"""), Of("Subnet", """{ "metadata": { "name": "b" } }"""));

        Assert.Equal([new TemplateReference(0, 2, "subnetIdRefs")], references);
    }

    [Fact]
    public void What_one_writes_to_the_composite_and_another_reads_is_a_reference_to_the_writer()
    {
        var writer = Of("Instance") with { Patches = [Patch("ToCompositeFieldPath", "status.atProvider.arn", "status.arn")] };
        var reader = Of("Policy") with
        {
            Patches = [(JsonObject)JsonNode.Parse("""{ "type": "CombineFromComposite", "combine": { "variables": [ { "fromFieldPath": "status.arn" } ] }, "toFieldPath": "spec.policy" }""")!],
        };
        // The environment is another place, though the path is the same.
        var other = Of("Policy") with { Patches = [Patch("FromEnvironmentFieldPath", "status.arn", "spec.arn")] };

        Assert.Equal([new TemplateReference(1, 0, "status.arn")], References(writer, reader, other));
    }

    [Fact]
    public void A_field_that_is_called_as_a_kind_and_gets_the_name_of_its_resource_is_a_reference()
    {
        var bucket = Of("Bucket") with { Patches = [Patch("FromCompositeFieldPath", "metadata.name", "metadata.annotations[crossplane.io/external-name]")] };
        var policy = Of("BucketPolicy") with { Patches = [Patch("FromCompositeFieldPath", "metadata.name", "spec.forProvider.bucket")] };
        var other = Of("RolePolicy") with { Patches = [Patch("FromCompositeFieldPath", "metadata.uid", "spec.forProvider.bucket")] };

        Assert.Equal([new TemplateReference(1, 0, "bucket")], References(bucket, policy, other));
    }

    [Fact]
    public void Rendered_resources_refer_to_each_other_by_the_names_that_they_have_outside()
    {
        var references = References(
            Of("Database", """{ "metadata": { "annotations": { "crossplane.io/external-name": "orders" } } }"""),
            Of("Grant", """{ "spec": { "forProvider": { "database": "orders", "role": "orders" } } }"""));

        Assert.Equal([new TemplateReference(1, 0, "database")], references);
    }

    [Fact]
    public void A_line_has_the_last_word_of_the_field()
    {
        Assert.Equal("kmsKeyId", new TemplateReference(0, 1, "kmsKeyIdSelector").Word);
        Assert.Equal("secretArn", new TemplateReference(0, 1, "status.credentials.secretArn").Word);
    }

    private static IReadOnlyList<TemplateReference> References(params ComposedTemplate[] templates) => TemplateReferences.Of(templates);

    private static ComposedTemplate Of(string kind, string document = "{}") => new(kind, "v1", kind) { Document = JsonNode.Parse(document)!.AsObject() };

    private static JsonObject Patch(string type, string from, string to) => new() { ["type"] = type, ["fromFieldPath"] = from, ["toFieldPath"] = to };
}
