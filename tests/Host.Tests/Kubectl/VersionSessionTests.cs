using System.Text.Json.Nodes;

namespace Flagstone.Host.Tests.Kubectl;

/// <summary>kubectl with a kind of two versions whose schemas differ, against the real host.</summary>
public sealed class VersionSessionTests(HostFixture fixture)
{
    private const string Definition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: { name: gears.versions.example.com }
        spec:
          group: versions.example.com
          names: { kind: Gear, plural: gears, singular: gear }
          scope: Namespaced
          versions:
            - name: v1
              served: true
              storage: false
              additionalPrinterColumns: [{ name: Teeth, jsonPath: .spec.teeth, type: integer }]
              schema:
                openAPIV3Schema:
                  type: object
                  properties:
                    spec:
                      type: object
                      properties:
                        teeth: { type: integer, maximum: 10, default: 4, description: How many it has. }
            - name: v2
              served: true
              storage: true
              additionalPrinterColumns: [{ name: Size, jsonPath: .spec.size, type: integer }]
              subresources: { status: {} }
              schema:
                openAPIV3Schema:
                  type: object
                  properties:
                    spec:
                      type: object
                      properties:
                        teeth: { type: integer }
                        size: { type: integer, default: 7, description: How large it is. }
                    status: { type: object, x-kubernetes-preserve-unknown-fields: true }
        """;

    [Fact]
    public async Task A_write_is_shaped_by_its_version_and_read_back_in_any()
    {
        var kubectl = await OpenAsync("versions-write");
        await kubectl.OkAsync("apply -f -", Gear("v1", "{}"));

        // v1 fills in its own default and knows nothing of size; what is stored says v2 all the same.
        Assert.Equal("versions.example.com/v2 4 ", await GetAsync(kubectl, "v2"));
        Assert.Equal("versions.example.com/v1 4 ", await GetAsync(kubectl, "v1"));
        Assert.Contains("should be less than or equal to 10", await kubectl.RefusedAsync("apply -f -", Gear("v1", "{ teeth: 11 }")), StringComparison.Ordinal);
        Assert.Contains("unknown field \"spec.size\"", await kubectl.RefusedAsync("apply -f -", Gear("v1", "{ size: 1 }")), StringComparison.Ordinal);

        await kubectl.OkAsync("apply -f -", Gear("v2", "{ teeth: 11 }"));
        Assert.Equal("versions.example.com/v1 11 7", await GetAsync(kubectl, "v1"));
        Assert.Contains("Teeth", (await kubectl.OkAsync("get gears.v1.versions.example.com a")).Replace("TEETH", "Teeth", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("SIZE", await kubectl.OkAsync("get gears.v2.versions.example.com a"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_is_a_subresource_in_the_version_that_says_so()
    {
        var kubectl = await OpenAsync("versions-status");
        await kubectl.OkAsync("apply -f -", Gear("v2", "{}"));
        using var client = fixture.Host.KubernetesClient();
        using var body = new StringContent("""{"status":{"phase":"Ready"}}""", System.Text.Encoding.UTF8, "application/merge-patch+json");
        const string path = "/apis/versions.example.com/{0}/namespaces/versions-status/gears/a";

        var missing = await client.PatchAsync(new Uri(Path("v1") + "/status", UriKind.Relative), body, TestContext.Current.CancellationToken);
        var patched = await client.PatchAsync(new Uri(Path("v2") + "/status", UriKind.Relative), body, TestContext.Current.CancellationToken);

        Assert.Equal((404, 200), ((int)missing.StatusCode, (int)patched.StatusCode));
        var read = JsonNode.Parse(await client.GetStringAsync(new Uri(Path("v1"), UriKind.Relative), TestContext.Current.CancellationToken))!;
        Assert.Equal(("versions.example.com/v1", "Ready"), (read["apiVersion"]!.ToString(), read["status"]!["phase"]!.ToString()));

        static string Path(string version) => string.Format(System.Globalization.CultureInfo.InvariantCulture, path, version);
    }

    [Fact]
    public async Task A_watch_and_the_answer_to_a_write_are_in_the_version_asked_for()
    {
        var kubectl = await OpenAsync("versions-watch");
        using var client = fixture.Host.KubernetesClient();
        var gears = new Uri("/apis/versions.example.com/v1/namespaces/versions-watch/gears", UriKind.Relative);
        using var body = new StringContent("""{"apiVersion":"versions.example.com/v1","kind":"Gear","metadata":{"name":"a"}}""", System.Text.Encoding.UTF8, "application/json");

        var created = JsonNode.Parse(await (await client.PostAsync(gears, body, TestContext.Current.CancellationToken)).Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;

        Assert.Equal("versions.example.com/v1", created["apiVersion"]!.ToString());
        var events = await client.GetStringAsync(new Uri($"{gears}?watch=true&timeoutSeconds=1", UriKind.Relative), TestContext.Current.CancellationToken);
        var added = JsonNode.Parse(events.Split('\n')[0])!;
        Assert.Equal(("ADDED", "versions.example.com/v1"), (added["type"]!.ToString(), added["object"]!["apiVersion"]!.ToString()));
        Assert.Contains("versions.example.com/v2", await kubectl.OkAsync("get gears.v2.versions.example.com a -o yaml"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_definition_with_a_conversion_webhook_is_refused()
    {
        var kubectl = await OpenAsync("versions-webhook");

        var refusal = await kubectl.RefusedAsync("apply -f -", Definition.Replace("gears", "wheels", StringComparison.Ordinal).Replace("Gear", "Wheel", StringComparison.Ordinal)
            + "\n  conversion: { strategy: Webhook, webhook: { conversionReviewVersions: [v1], clientConfig: { url: \"https://example.com\" } } }");

        Assert.Contains("spec.conversion.strategy: Unsupported value: \"Webhook\": supported values: \"None\"", refusal, StringComparison.Ordinal);
    }

    private async Task<Kubectl> OpenAsync(string ns)
    {
        var kubectl = await Kubectl.InAsync(fixture.Host, ns);
        await kubectl.OkAsync("apply -f -", Definition);
        await kubectl.OkAsync("wait --for=condition=Established crd/gears.versions.example.com --timeout=20s");
        return kubectl;
    }

    private static Task<string> GetAsync(Kubectl kubectl, string version) =>
        kubectl.OkAsync($"get gears.{version}.versions.example.com a -o jsonpath={{.apiVersion}}{{\"\\u0020\"}}{{.spec.teeth}}{{\"\\u0020\"}}{{.spec.size}}");

    private static string Gear(string version, string spec) => $"""
        apiVersion: versions.example.com/{version}
        kind: Gear
        metadata: {"{"} name: a {"}"}
        spec: {spec}
        """;
}
