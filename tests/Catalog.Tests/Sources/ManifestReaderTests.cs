using System.Text;
using Flagstone.Catalog.Files;
using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Sources;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Tests.Sources;

public sealed class ManifestReaderTests
{
    private const string Both = """
        apiVersion: v1
        kind: ConfigMap
        metadata: { name: a }
        spec: { mode: 0644, open: yes }
        ---
        apiVersion: backstage.io/v1alpha1
        kind: Component
        metadata: { name: b }
        spec: { mode: 0644, open: yes }
        """;

    [Fact]
    public void A_manifest_is_read_as_kubectl_reads_it_and_an_entity_beside_it_as_Backstage_does()
    {
        var kinds = new KindRegistry([.. EntityKinds.All(), new KindDefinition { Id = new KindId("configmaps", ""), Kind = "ConfigMap", Version = "v1" }]);
        var source = SourceSpec.Of(System.Text.Json.Nodes.JsonNode.Parse(
            """{"spec":{"repository":"web-gitops","namespaces":["web"],"kinds":["configmaps","components.backstage.io"]}}""")!.AsObject())!;

        var (manifests, refusal) = new ManifestReader(kinds, source).Read(Files(Both));

        Assert.Null(refusal?.Message);
        Assert.Equal(
            ["""{"mode":420,"open":true}""", """{"mode":644,"open":"yes"}"""], manifests.Select(m => m.Document["spec"]!.ToJsonString()));
    }

    private static FileSet Files(string text)
    {
        Assert.True(RelativePath.TryParse("all.yaml", out var path));
        Assert.True(FileSet.TryCreate([KeyValuePair.Create(path, new FileContent(Encoding.UTF8.GetBytes(text)))], FileLimits.Default, out var files, out var refusal), refusal?.Message);
        return files!;
    }
}
