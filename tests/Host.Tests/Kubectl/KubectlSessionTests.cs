using System.Text.Json.Nodes;

namespace Flagstone.Host.Tests.Kubectl;

/// <summary>What kubectl 1.32 does all day, against the real host.</summary>
public sealed class KubectlSessionTests(HostFixture fixture)
{
    private const string Definition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: { name: widgets.session.example.com }
        spec:
          group: session.example.com
          names: { kind: Widget, plural: widgets, singular: widget, shortNames: [wd] }
          scope: Namespaced
          versions:
            - name: v1
              served: true
              storage: true
              subresources: { status: {} }
              additionalPrinterColumns:
                - { name: Size, jsonPath: .spec.size, type: integer }
                - { name: Color, jsonPath: .spec.color, type: string, priority: 1 }
              schema:
                openAPIV3Schema:
                  type: object
                  properties:
                    spec:
                      type: object
                      required: [size]
                      properties:
                        size: { type: integer, minimum: 1, description: How large it is. }
                        color: { type: string, enum: [red, green], default: red }
                    status: { type: object, x-kubernetes-preserve-unknown-fields: true }
        """;

    private async Task<Kubectl> OpenAsync(string ns)
    {
        var kubectl = await Kubectl.InAsync(fixture.Host, ns);
        await kubectl.OkAsync("apply -f -", Definition);
        await kubectl.OkAsync("wait --for=condition=Established crd/widgets.session.example.com --timeout=20s");
        return kubectl;
    }

    [Fact]
    public async Task Client_side_apply_creates_then_changes_then_leaves_alone()
    {
        var kubectl = await OpenAsync("s-apply");

        Assert.Contains("created", await kubectl.OkAsync("apply -f -", Widget("a", 1)), StringComparison.Ordinal);
        Assert.Contains("configured", await kubectl.OkAsync("apply -f -", Widget("a", 2)), StringComparison.Ordinal);
        Assert.Contains("unchanged", await kubectl.OkAsync("apply -f -", Widget("a", 2)), StringComparison.Ordinal);
        var diff = await kubectl.RunAsync("diff -f -", Widget("a", 3));
        Assert.Equal(1, diff.ExitCode);
        Assert.Contains("+  size: 3", diff.Output, StringComparison.Ordinal);
        Assert.Equal("2", await kubectl.OkAsync("get wd a -o jsonpath={.spec.size}"));
    }

    [Fact]
    public async Task A_definition_that_is_deleted_takes_its_resources_with_it()
    {
        var kubectl = await Kubectl.InAsync(fixture.Host, "s-definition");
        var definition = Definition.Replace("session.example.com", "deleted.example.com", StringComparison.Ordinal).Replace("widget", "gizmo", StringComparison.OrdinalIgnoreCase).Replace("[wd]", "[gz]", StringComparison.Ordinal);
        await kubectl.OkAsync("apply -f -", definition);
        await kubectl.OkAsync("wait --for=condition=Established crd/gizmos.deleted.example.com --timeout=20s");
        await kubectl.OkAsync("apply -f -", "apiVersion: deleted.example.com/v1\nkind: gizmo\nmetadata: { name: a }\nspec: { size: 1 }\n");

        await kubectl.OkAsync("delete crd gizmos.deleted.example.com --timeout=20s");
        await kubectl.OkAsync("apply -f -", definition);
        await kubectl.OkAsync("wait --for=condition=Established crd/gizmos.deleted.example.com --timeout=20s");

        Assert.Contains("No resources found", await kubectl.OkAsync("get gizmos"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_only_a_cluster_enforces_says_so()
    {
        var kubectl = await Kubectl.InAsync(fixture.Host, "s-enforced");
        const string policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: deny }\nspec: { podSelector: {}, policyTypes: [Ingress] }\n";

        await kubectl.OkAsync("apply -f -", policy);
        await kubectl.OkAsync("label networkpolicy deny reviewed=yes");

        Assert.Equal("Enforced=False", await kubectl.OkAsync("get networkpolicy deny -o jsonpath={.status.conditions[0].type}={.status.conditions[0].status}"));
        Assert.Contains("unchanged", await kubectl.OkAsync("apply -f -", policy), StringComparison.Ordinal);
        await kubectl.OkAsync("create role reader --verb=get --resource=configmaps");
        Assert.Equal("False", await kubectl.OkAsync("get role.rbac.authorization.k8s.io reader -o jsonpath={.status.conditions[0].status}"));
    }

    [Fact]
    public async Task Server_side_apply_finds_conflicts_and_forces_them()
    {
        var kubectl = await OpenAsync("s-ssa");

        Assert.Contains("serverside-applied", await kubectl.OkAsync("apply --server-side -f -", Widget("a", 1)), StringComparison.Ordinal);
        var conflict = await kubectl.RefusedAsync("apply --server-side --field-manager=other -f -", Widget("a", 5));
        Assert.Contains("conflict with \"kubectl\"", conflict, StringComparison.Ordinal);
        Assert.Contains(".spec.size", conflict, StringComparison.Ordinal);
        await kubectl.OkAsync("apply --server-side --field-manager=other --force-conflicts -f -", Widget("a", 5));
        Assert.Equal("5", await kubectl.OkAsync("get wd a -o jsonpath={.spec.size}"));
    }

    [Fact]
    public async Task An_object_that_was_applied_by_the_client_is_handed_over_to_server_side_apply()
    {
        var kubectl = await OpenAsync("s-handover");
        await kubectl.OkAsync("apply -f -", Widget("a", 1));

        await kubectl.OkAsync("apply --server-side -f -", Widget("a", 2));

        Assert.Equal("2", await kubectl.OkAsync("get wd a -o jsonpath={.spec.size}"));
    }

    [Fact]
    public async Task Get_shows_tables_names_and_documents()
    {
        var kubectl = await OpenAsync("s-get");
        await kubectl.OkAsync("apply -f -", Widget("a", 1) + "\n---\n" + Widget("b", 2, "app: x"));

        Assert.Matches(@"NAME\s+SIZE\s+a\s+1\s+b\s+2", await kubectl.OkAsync("get wd"));
        Assert.Matches(@"NAME\s+SIZE\s+COLOR\s+a\s+1\s+red", await kubectl.OkAsync("get wd -o wide"));
        Assert.Equal("widget.session.example.com/b\n", await kubectl.OkAsync("get wd -o name -l app=x"));
        Assert.Equal("widget.session.example.com/a\n", await kubectl.OkAsync("get wd -o name --field-selector metadata.name=a"));
        Assert.Contains("color: red", await kubectl.OkAsync("get wd a -o yaml"), StringComparison.Ordinal);
        Assert.Equal(2, JsonNode.Parse(await kubectl.OkAsync("get wd -o json"))!["items"]!.AsArray().Count);
        Assert.Equal(2, (await kubectl.OkAsync("get wd -o name --chunk-size=1")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("How large it is", await kubectl.OkAsync("explain wd.spec.size"), StringComparison.Ordinal);
        Assert.Contains("Size:", await kubectl.OkAsync("describe wd a"), StringComparison.Ordinal);
        Assert.Contains("widgets", await kubectl.OkAsync("api-resources --api-group=session.example.com"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Patches_of_every_type_labels_and_annotations_change_what_they_name()
    {
        var kubectl = await OpenAsync("s-patch");
        await kubectl.OkAsync("apply -f -", Widget("a", 1));

        await kubectl.OkAsync("""patch wd a --type=merge -p {"spec":{"color":"green"}}""");
        await kubectl.OkAsync("""patch wd a --type=json -p [{"op":"replace","path":"/spec/size","value":7}]""");
        Assert.Contains("415", (await kubectl.RunAsync("""patch wd a -v=6 --type=strategic -p {"spec":{"size":8}}""")).All, StringComparison.Ordinal);
        await kubectl.OkAsync("label wd a tier=gold");
        await kubectl.OkAsync("annotate wd a note=seen");
        await kubectl.OkAsync("""patch wd a --subresource=status --type=merge -p {"status":{"conditions":[{"type":"Ready","status":"True"}]}}""");

        Assert.Equal("green 7 gold seen True", await kubectl.OkAsync(
            "get wd a -o jsonpath={.spec.color}{\"\\x20\"}{.spec.size}{\"\\x20\"}{.metadata.labels.tier}{\"\\x20\"}{.metadata.annotations.note}{\"\\x20\"}{.status.conditions[0].status}"));
        await kubectl.OkAsync("wait --for=condition=Ready wd/a --timeout=10s");
        await kubectl.OkAsync("create configmap c --from-literal=a=1");
        await kubectl.OkAsync("""patch configmap c -p {"data":{"b":"2"}}""");
        Assert.Equal("12", await kubectl.OkAsync("get configmap c -o jsonpath={.data.a}{.data.b}"));
    }

    [Fact]
    public async Task Watch_prints_each_change_as_it_commits()
    {
        var kubectl = await OpenAsync("s-watch");
        await kubectl.OkAsync("apply -f -", Widget("a", 1));

        var watching = kubectl.RunAsync("get wd -w --request-timeout=3s");
        await kubectl.OkAsync("apply -f -", Widget("b", 2));
        await kubectl.OkAsync("delete wd a");

        var seen = (await watching).Output;
        Assert.Matches(@"a\s+1", seen);
        Assert.Matches(@"b\s+2", seen);
    }

    [Fact]
    public async Task Deletion_waits_and_cascades_as_it_was_told()
    {
        var kubectl = await OpenAsync("s-delete");
        await kubectl.OkAsync("apply -f -", Widget("owner", 1));
        var uid = await kubectl.OkAsync("get wd owner -o jsonpath={.metadata.uid}");
        await kubectl.OkAsync("apply -f -", Widget("child", 1, owner: uid));

        await kubectl.OkAsync("delete wd owner --cascade=foreground --timeout=20s");
        await kubectl.OkAsync("wait --for=delete wd/child --timeout=20s");

        await kubectl.OkAsync("apply -f -", Widget("owner", 1));
        uid = await kubectl.OkAsync("get wd owner -o jsonpath={.metadata.uid}");
        await kubectl.OkAsync("apply -f -", Widget("child", 1, owner: uid));
        await kubectl.OkAsync("delete wd owner --cascade=orphan --timeout=20s");
        Assert.Equal("", await kubectl.OkAsync("get wd child -o jsonpath={.metadata.ownerReferences}"));

        await kubectl.OkAsync("apply -f -", Widget("owner", 1));
        uid = await kubectl.OkAsync("get wd owner -o jsonpath={.metadata.uid}");
        await kubectl.OkAsync("apply -f -", Widget("other", 1, owner: uid));
        await kubectl.OkAsync("delete wd owner --cascade=background --timeout=20s");
        await kubectl.OkAsync("wait --for=delete wd/other --timeout=20s");
        await kubectl.OkAsync("delete namespace s-delete --timeout=30s");
    }

    [Fact]
    public async Task Kinds_that_kubectl_creates_by_itself_are_taken_as_it_sends_them()
    {
        var kubectl = await OpenAsync("s-create");

        foreach (var line in new[]
        {
            "create secret generic s --from-literal=password=hunter2", "create configmap c --from-literal=a=b", "create serviceaccount sa",
            "create deployment d --image=nginx --port=80", "create service clusterip svc --tcp=80:8080", "create role r --verb=get --resource=configmaps",
            "create rolebinding rb --role=r --user=u",
        })
        {
            await kubectl.OkAsync(line);
        }

        Assert.Equal("aHVudGVyMg==", await kubectl.OkAsync("get secret s -o jsonpath={.data.password}"));
        Assert.Equal("80", await kubectl.OkAsync("get deployment d -o jsonpath={.spec.template.spec.containers[0].ports[0].containerPort}"));
        Assert.Equal("8080", await kubectl.OkAsync("get service svc -o jsonpath={.spec.ports[0].targetPort}"));
        Assert.Equal("yes\n", await kubectl.OkAsync("auth can-i create deployments"));
        Assert.Contains("admin", await kubectl.OkAsync("auth whoami"), StringComparison.Ordinal);
        Assert.Contains("No resources", await kubectl.OkAsync("get events"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bad_input_is_refused_with_the_field_the_cause_and_what_would_do()
    {
        var kubectl = await OpenAsync("s-bad");

        Assert.Contains("unknown field \"spec.sise\"", await kubectl.RefusedAsync("create -f -", Widget("a", 1).Replace("size:", "sise:", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains("spec.size: Invalid value: \"string\": spec.size in body must be of type integer: \"string\"", await kubectl.RefusedAsync(
            "create --validate=false -f -", Widget("a", 1).Replace("size: 1", "size: large", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains("a lowercase RFC 1123 subdomain", await kubectl.RefusedAsync("create -f -", Widget("Not_A_Name", 1)), StringComparison.Ordinal);
        Assert.Contains("supported values: \"red\", \"green\"", await kubectl.RefusedAsync(
            "create --validate=false -f -", Widget("a", 1) + "\n  color: blue"), StringComparison.Ordinal);
        Assert.Contains("not found", await kubectl.RefusedAsync("get wd nowhere"), StringComparison.Ordinal);
        Assert.Contains("already exists", await kubectl.OkAsync("create -f -", Widget("a", 1)) + await kubectl.RefusedAsync("create -f -", Widget("a", 1)), StringComparison.Ordinal);
    }

    private static string Widget(string name, int size, string label = "", string owner = "") => $$"""
        apiVersion: session.example.com/v1
        kind: Widget
        metadata:
          name: {{name}}
          labels: { {{label}} }
          ownerReferences: {{(owner.Length == 0 ? "[]" : $"[{{ apiVersion: session.example.com/v1, kind: Widget, name: owner, uid: {owner}, blockOwnerDeletion: true }}]")}}
        spec:
          size: {{size}}
        """;
}
